import { messageOf } from '../errors.ts'
import type { SharedProducer } from '../kafka/producer.ts'
import type { Logger } from '../logger.ts'
import type { RecordFormat } from '../schema/record-format.ts'
import { type System, settlesWithin } from '../system.ts'
import { type Beat, encodeBeat } from './beat.ts'

export interface HeartOptions {
  producer: SharedProducer
  topic: string
  format: RecordFormat
  intervalMs: number
  /** Asked before every beat. */
  beat: () => Omit<Beat, 'version' | 'time'>
  /** A silence of this long has others take this worker for lost. */
  silenceMs: number
  /** Called after the first beat that ended such a silence. */
  onSilence(): void
  logger: Logger
  system: System
}

const ANNOUNCE_MS_MAX = 3_000

/** Beats until it is stopped, and leaves a tombstone. */
export const createHeart = (options: HeartOptions) => {
  const { producer, topic, format, intervalMs, beat, logger, system } = options
  const stopping = new AbortController()
  let beating: Promise<void> | undefined
  let failing = false
  let beatenAt = Number.POSITIVE_INFINITY

  const beatOnce = async (): Promise<void> => {
    const value: Beat = { version: 1, time: system.now(), ...beat() }
    await producer.send({ topic, key: value.workerId, value: encodeBeat(value, format) })
    const silentMs = system.elapsed() - beatenAt
    beatenAt = system.elapsed()
    if (silentMs >= options.silenceMs) options.onSilence()
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await beatOnce()
        failing = false
      } catch (error) {
        // Once per outage: the others take this worker for lost meanwhile, which the log copes with.
        if (!failing) logger.warn('No beat could be sent', { error: messageOf(error) })
        failing = true
      }
      await system.sleep(intervalMs, stopping.signal)
    }
  }

  return {
    /** Resolves once the first beat is out. */
    start: async (): Promise<void> => {
      await beatOnce()
      beating = run()
    },
    /** Sends the state of this moment at once. */
    beatNow: () => beatOnce().catch(() => {}),
    /** Beats now if the last one is old, as after a freeze: before anything that others judge by it. */
    beHeard: async (): Promise<void> => {
      if (system.elapsed() - beatenAt < 2 * intervalMs) return
      await settlesWithin(system, beatOnce(), ANNOUNCE_MS_MAX)
    },
    stop: async (): Promise<void> => {
      stopping.abort()
      const { workerId } = beat()
      const announce = async () => {
        // After the last beat, which would undo it.
        await beating
        await producer.send({ topic, key: workerId, value: null })
      }
      const announced = announce().catch((error) => {
        logger.warn('The leaving could not be announced', { error: messageOf(error) })
      })
      // Without brokers nobody hears it anyway: the others will miss the beats.
      await settlesWithin(system, announced, ANNOUNCE_MS_MAX)
    },
  }
}
