// A default import: Node's scan of this CommonJS package does not find all of its names.
import kafkajs, { type Admin } from 'kafkajs'
import type { KafkaOptions } from '../config.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { OVER, sleep } from '../sleep.ts'
import { Cluster } from './cluster.ts'
import { fetchOnce, NO_SESSION } from './fetch.ts'
import { kafkajsConfig } from './options.ts'

export interface GapWatchOptions {
  groupId: string
  topics: string[]
  /** Whether it is this member's to read. */
  isAssigned(topic: string, partition: number): boolean
  /** There are no records between: the member is to go on at `to`. */
  skip(gap: { topic: string; partition: number; to: number }): Promise<void>
  logger: Logger
}

interface Standing {
  topic: string
  partition: number
  /** Where the group stands. */
  offset: number
}

const LOOK_MS = 5_000

/**
 * Helps a consumer group of kafkajs over what the cleaner of a compacted topic leaves behind: batches without a
 * record, in which that client finds no next offset, so that it would fetch the same one for ever.
 */
export const createGapWatch = (kafka: KafkaOptions, options: GapWatchOptions) => {
  const { groupId, topics, isAssigned, skip, logger } = options
  const admin = new kafkajs.Kafka(kafkajsConfig(kafka)).admin()
  const cluster = new Cluster(kafka)
  const pool = cluster.newPool()
  const stopping = new AbortController()
  let watching: Promise<void> | undefined
  let before = new Map<string, number>()

  const look = async (): Promise<void> => {
    const behind = (await standingsOf(admin, groupId, topics)).filter((at) =>
      isAssigned(at.topic, at.partition),
    )
    const stuck = behind.filter((at) => before.get(nameOf(at)) === at.offset)
    before = new Map(behind.map((at) => [nameOf(at), at.offset]))
    for (const at of stuck) {
      const to = await gapAt(at)
      if (to === undefined || stopping.signal.aborted) continue
      logger.info('A gap that the cleaner left is skipped', { ...at, to })
      await skip({ ...at, to })
    }
  }

  /** Where the next records may be, when there are none where the group stands. */
  const gapAt = async ({ topic, partition, offset }: Standing): Promise<number | undefined> => {
    const place = await cluster.locatePartition(topic, partition)
    if (place === undefined) return undefined
    const connection = await pool.get(place.leader)
    const partitions = [{ topicId: place.topicId, partition, offset }]
    const answer = await fetchOnce(connection, { ...NO_SESSION, maxWaitMs: 0, partitions, forgotten: [] })
    const [fetched] = answer.partitions
    if (fetched === undefined || fetched.records.some((record) => record.offset >= offset)) return undefined
    return fetched.nextOffset !== undefined && fetched.nextOffset > offset ? fetched.nextOffset : undefined
  }

  const watch = async (): Promise<void> => {
    for (
      await sleep(LOOK_MS, stopping.signal);
      !stopping.signal.aborted;
      await sleep(LOOK_MS, stopping.signal)
    ) {
      try {
        await admin.connect()
        await look()
      } catch (error) {
        // Brokers that are away keep the group from reading too, and that is told there.
        logger.info('The groups’ offsets could not be looked at', { error: messageOf(error) })
      }
    }
  }

  return {
    start: (): void => {
      watching ??= watch()
    },
    /** Idempotent. */
    stop: async (): Promise<void> => {
      stopping.abort(OVER)
      await Promise.all([admin.disconnect(), cluster.close()])
      await watching
    },
  }
}

const nameOf = ({ topic, partition }: Standing): string => `${topic}/${partition}`

/** The partitions of which a group has something left to read, and where it stands in them. */
const standingsOf = async (admin: Admin, groupId: string, topics: string[]): Promise<Standing[]> => {
  const answers = await admin.fetchOffsets({ groupId, topics })
  const committed = new Map(
    answers.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [`${topic}/${partition}`, Number(offset)] as const),
    ),
  )
  const standings = await Promise.all(
    topics.map(async (topic) =>
      (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({
        topic,
        partition,
        offset: Math.max(committed.get(`${topic}/${partition}`) ?? 0, Number(low)),
        end: Number(high),
      })),
    ),
  )
  return standings.flat().filter(({ offset, end }) => offset < end)
}
