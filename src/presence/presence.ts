import type { FetchedRecord } from '../kafka/fetch.ts'
import { createSharedTopicReader } from '../kafka/shared-topic-reader.ts'
import type { Tail } from '../kafka/tail.ts'
import type { RecordFormat } from '../schema/record-format.ts'
import type { System } from '../system.ts'
import { type Beat, decodeBeat } from './beat.ts'

/**
 * Who is alive: the beats of the workers topic, not the consumer group, so that a rebalance ends no run. A
 * wrong guess costs a fenced run and never a corrupt log.
 */
export interface Presence {
  /** Reads the topic to its end and follows it. */
  start(): Promise<void>
  /**
   * For a worker to ask, which beats itself. False only when no beat of the other process has arrived for the
   * limit while others' did, by this process's own monotonic clock.
   */
  isAlive(instanceId: string): boolean
  /** Workers whose last beat is recent, by its own time where it was read in the replay. For people and readiness. */
  present(): Beat[]
  stop(): void
}

interface Seen {
  beat: Beat
  /** By the monotonic clock: when the beat arrived here. */
  arrivedAt: number
  /** How old it was then, by the clocks of Kafka and this machine. */
  ageMs: number
}

/** Workers that have been gone for this long are forgotten. */
const FORGET_AFTER_MS = 3_600_000

export interface PresenceOptions {
  tail: Tail
  topic: string
  format: RecordFormat
  limitMs: number
  system: System
}

export const createPresence = ({ tail, topic, format, limitMs, system }: PresenceOptions): Presence => {
  /** By instance. */
  const seen = new Map<string, Seen>()
  /** When this process last began to hear beats: at its start, and after each silence of all of them. */
  let hearingSince = Number.POSITIVE_INFINITY
  let heardAt = Number.NEGATIVE_INFINITY

  const forget = (workerId: string): void => {
    for (const [instanceId, { beat }] of seen) if (beat.workerId === workerId) seen.delete(instanceId)
  }
  const forgetOld = (): void => {
    const now = system.elapsed()
    for (const [instanceId, { arrivedAt }] of seen)
      if (now - arrivedAt > FORGET_AFTER_MS) seen.delete(instanceId)
  }

  const read = (record: FetchedRecord): void => {
    const now = system.elapsed()
    if (now - heardAt >= limitMs) hearingSince = now
    heardAt = now
    if (record.value === null) {
      forget(record.key)
      return
    }
    const beat = decodeBeat(record.value, format)
    if (beat === undefined) return
    forgetOld()
    // A worker that started again: its name is beaten by another process now.
    if (!seen.has(beat.instanceId)) forget(beat.workerId)
    seen.set(beat.instanceId, {
      beat,
      arrivedAt: now,
      ageMs: Math.max(0, system.now() - record.time),
    })
  }

  const reader = createSharedTopicReader({ tail, topic, format, onRecord: read, system })

  return {
    start: async () => {
      await reader.start()
      hearingSince = system.elapsed()
    },
    isAlive: (instanceId) => {
      const now = system.elapsed()
      // A worker hears itself. One that hears nobody has lost the brokers, and cannot tell who is lost.
      if (now - heardAt >= limitMs) return true
      // Whoever was not heard gets the whole limit from when hearing began: it may have been deaf too.
      return now - Math.max(seen.get(instanceId)?.arrivedAt ?? 0, hearingSince) < limitMs
    },
    present: () => {
      const now = system.elapsed()
      const recent = ({ arrivedAt, ageMs }: Seen) => now - arrivedAt + ageMs < limitMs
      return [...seen.values()].filter(recent).map(({ beat }) => beat)
    },
    stop: reader.stop,
  }
}
