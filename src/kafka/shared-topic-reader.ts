import { messageOf, RunnerError } from '../errors.ts'
import type { RecordFormat } from '../schema/record-format.ts'
import type { FetchedRecord } from './fetch.ts'
import type { Tail } from './tail.ts'

export interface SharedTopicReaderOptions {
  tail: Tail
  topic: string
  format: Pick<RecordFormat, 'load'>
  onRecord(record: FetchedRecord): void
  /** Reading failed for as long as the limit of the tail; it goes on by itself. */
  onTrouble?(error: RunnerError): void
}

/** Reads a shared topic of one partition from its start, for as long as the process lives. */
export const createSharedTopicReader = ({
  tail,
  topic,
  format,
  onRecord,
  onTrouble,
}: SharedTopicReaderOptions) => {
  let following: { stop(): void } | undefined
  let position = 0
  let stopped = false
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

  const follow = (): Promise<void> =>
    new Promise((resolve, reject) => {
      following = tail.follow(topic, position, {
        onRecords: (records) => {
          for (const record of records) {
            position = record.offset + 1
            give(record)
          }
        },
        onCaughtUp: () => (waiting === undefined ? resolve() : void waiting.then(resolve)),
        onMissing: () =>
          reject(new RunnerError('READ_FAILED', `Topic "${topic}" is missing. start() creates it.`)),
        onError: (error) => {
          reject(error)
          if (stopped || !error.retriable) return
          onTrouble?.(error)
          // From where it was: each attempt lasts as long as the tail's own limit, so this does not spin.
          follow().catch(() => {})
        },
      })
    })

  return {
    /**
     * Resolves when everything that the topic holds by then was read.
     * @throws RunnerError READ_FAILED
     */
    start: (): Promise<void> => follow(),
    stop: (): void => {
      stopped = true
      following?.stop()
    },
  }
}
