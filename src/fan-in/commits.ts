import { messageOf } from '../errors.ts'
import type { RunsConsumer } from '../kafka/runs-consumer.ts'
import type { Logger } from '../logger.ts'
import { sleep } from '../sleep.ts'
import type { OwnedPartition } from './owned-partition.ts'

export interface CommitsParts {
  partitions: ReadonlyMap<number, OwnedPartition>
  consumer: Pick<RunsConsumer, 'commit'>
  /** Aborts when no time is left to wait. */
  signal: AbortSignal
  logger: Logger
}

const INTERVAL_MS = 200

/** Commits what was handled: not each record, which would cost more than most of them, but some times a second. */
export const createCommits = ({ partitions, consumer, signal, logger }: CommitsParts) => {
  let waiting = false

  const commit = async (number: number, { progress }: OwnedPartition): Promise<void> => {
    const offset = progress.committable
    if (offset === undefined) return
    try {
      await consumer.commit(number, offset)
      progress.committed(offset)
    } catch (error) {
      // A rebalance is under way, or the coordinator is away: again, for as long as the partition is this member's.
      logger.info('An offset was not committed', { partition: number, offset, error: messageOf(error) })
      soon()
    }
  }
  /** Never rejects. */
  const now = async (): Promise<void> => {
    await Promise.all([...partitions].map(([number, partition]) => commit(number, partition)))
  }

  const soon = (): void => {
    if (waiting || signal.aborted) return
    waiting = true
    void sleep(INTERVAL_MS, signal).then(() => {
      waiting = false
      return now()
    })
  }

  return { soon, now }
}
