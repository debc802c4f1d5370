import type { FetchedRecord } from '../../src/kafka/fetch.ts'

/** A record on its way into a partition. */
export type SentRecord = Pick<FetchedRecord, 'key' | 'value' | 'headers'>

export interface Partition {
  /** Of its topic: another one that has the name later is another topic. */
  topicId: string
  records: FetchedRecord[]
  /** Where the next record goes: the high watermark. */
  end: number
  /** All records ever, whatever the cleaner did: for the judgement. */
  all: FetchedRecord[]
  /** Readers that wait for more: called once, when it comes. */
  waiting: Set<() => void>
}

/** The brokers' disks: topics, partitions, offsets, and Kafka's cleaner. They never lose what they acknowledged. */
export interface Broker {
  create(topic: string, partitions: number): void
  /** Removes exactly this topic, and not another one of its name. */
  remove(topic: string, topicId: string): void
  has(topic: string): boolean
  partition(topic: string, index?: number): Partition
  /** How many partitions it has. */
  partitions(topic: string): number
  partitionOf(topic: string, key: string): number
  /** The offset of the first. */
  append(topic: string, index: number, records: SentRecord[]): number
  /**
   * The cleaner's pass over a compacted topic: of equal keys only the last record stays. Tombstones below
   * `tombstonesUpTo` go too.
   */
  clean(topic: string, upTo: number, tombstonesUpTo: number): void
  /** Called at once for each topic that is made. */
  onCreate(act: (topic: string) => void): void
  /** Called at once for each record that lands. */
  onAppend(act: (topic: string, record: FetchedRecord) => void): void
  readonly topics: string[]
}

export const createBroker = (now: () => number): Broker => {
  const topics = new Map<string, Partition[]>()
  const creationListeners: ((topic: string) => void)[] = []
  const appendListeners: ((topic: string, record: FetchedRecord) => void)[] = []
  let made = 0

  const partition = (topic: string, index = 0): Partition => {
    const found = topics.get(topic)?.[index]
    if (found === undefined) throw new Error(`No partition ${index} of topic ${topic}`)
    return found
  }

  return {
    partition,
    create: (topic, partitions) => {
      if (topics.has(topic)) return
      made += 1
      const topicId = `${topic}#${made}`
      const fresh = (): Partition => ({ topicId, records: [], end: 0, all: [], waiting: new Set() })
      topics.set(topic, Array.from({ length: partitions }, fresh))
      for (const listener of creationListeners) listener(topic)
    },
    remove: (topic, topicId) => {
      const removed = topics.get(topic) ?? []
      if (removed[0]?.topicId !== topicId) return
      topics.delete(topic)
      for (const { waiting } of removed) for (const wake of waiting) wake()
    },
    has: (topic) => topics.has(topic),
    partitions: (topic) => topics.get(topic)?.length ?? 0,
    partitionOf: (topic, key) => {
      let hash = 0
      for (const character of key) hash = (hash * 31 + character.charCodeAt(0)) >>> 0
      return hash % (topics.get(topic)?.length ?? 1)
    },
    append: (topic, index, records) => {
      const target = partition(topic, index)
      const base = target.end
      for (const { key, value, headers } of records) {
        const record = { offset: target.end, key, value, headers, time: Math.round(now()) }
        target.records.push(record)
        target.all.push(record)
        target.end += 1
        for (const listener of appendListeners) listener(topic, record)
      }
      const woken = [...target.waiting]
      target.waiting.clear()
      for (const wake of woken) wake()
      return base
    },
    clean: (topic, upTo, tombstonesUpTo) => {
      const target = partition(topic)
      const last = new Map<string, number>()
      for (const { key, offset } of target.records) if (offset < upTo) last.set(key, offset)
      target.records = target.records.filter(({ key, offset, value }) => {
        if (offset >= upTo) return true
        if (last.get(key) !== offset) return false
        return value !== null || offset >= tombstonesUpTo
      })
    },
    onCreate: (act) => void creationListeners.push(act),
    onAppend: (act) => void appendListeners.push(act),
    get topics() {
      return [...topics.keys()]
    },
  }
}
