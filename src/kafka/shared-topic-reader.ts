import { messageOf, RunnerError } from '../errors.ts'
import type { RecordFormat } from '../schema/record-format.ts'
import type { System } from '../system.ts'
import type { FetchedRecord } from './fetch.ts'
import type { Tail } from './tail.ts'

export interface SharedTopicReaderOptions {
  tail: Tail
  topic: string
  format: Pick<RecordFormat, 'load'>
  onRecord(record: FetchedRecord): void
  /** Reading failed for as long as the limit of the tail; it goes on by itself. */
  onTrouble?(error: RunnerError): void
  system: Pick<System, 'elapsed' | 'sleep'>
}

/** Brokers learn of a new topic one after the other, and any of them may be the one that is asked. */
const MISSING_MS_MAX = 15_000
const MISSING_PAUSE_MS = 50

/** Reads a shared topic of one partition from its start, for as long as the process lives. */
export const createSharedTopicReader = ({
  tail,
  topic,
  format,
  onRecord,
  onTrouble,
  system,
}: SharedTopicReaderOptions) => {
  let following: { stop(): void } | undefined
  let position = 0
  let stopped = false
  let missingSince: number | undefined
  /** Started anew after a failure, it reads once. */
  let starts = 0
  /** Records that wait for the schema of one before them, in their order; none as a rule. */
  let waiting: Promise<void> | undefined

  const give = (record: FetchedRecord): void => {
    const load = waiting ?? format.load(record.value)
    if (load === undefined) {
      onRecord(record)
      return
    }
    const next = load
      .then(() => format.load(record.value))
      // Who reads it says that it cannot be decoded.
      .catch((error) =>
        onTrouble?.(error instanceof RunnerError ? error : new RunnerError('READ_FAILED', messageOf(error))),
      )
      .then(() => {
        if (waiting === next) waiting = undefined
        if (!stopped) onRecord(record)
      })
    waiting = next
  }

  const follow = (start: number): Promise<void> =>
    new Promise((resolve, reject) => {
      following = tail.follow(topic, position, {
        onRecords: (records) => {
          missingSince = undefined
          for (const record of records) {
            position = record.offset + 1
            give(record)
          }
        },
        onCaughtUp: () => {
          missingSince = undefined
          if (waiting === undefined) resolve()
          else void waiting.then(resolve)
        },
        onMissing: () => {
          missingSince ??= system.elapsed()
          if (system.elapsed() - missingSince > MISSING_MS_MAX) {
            missingSince = undefined
            const error = new RunnerError('READ_FAILED', `Topic "${topic}" is missing. start() creates it.`)
            reject(error)
            onTrouble?.(error)
          }
          void system.sleep(MISSING_PAUSE_MS).then(() => {
            if (!stopped && start === starts) follow(start).then(resolve, reject)
          })
        },
        onError: (error) => {
          reject(error)
          if (stopped || start !== starts || !error.retriable) return
          onTrouble?.(error)
          // From where it was: each attempt lasts as long as the tail's own limit, so this does not spin.
          follow(start).catch(() => {})
        },
      })
    })

  return {
    /**
     * Resolves when everything that the topic holds by then was read.
     * @throws RunnerError READ_FAILED
     */
    start: (): Promise<void> => {
      following?.stop()
      starts += 1
      return follow(starts)
    },
    stop: (): void => {
      stopped = true
      following?.stop()
    },
  }
}
