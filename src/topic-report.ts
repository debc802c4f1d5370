import type { ClientConfig } from './config.ts'
import type { TopicFacts } from './kafka/topic-facts.ts'
import { commandsTopic, sharedTopics, THREAD_TOPIC_CONFIG, type TopicSettings } from './topics.ts'

/** A setting that is not as it should be. */
export interface Difference {
  setting: string
  /** Undefined where the topic is missing. */
  found: string | undefined
  wanted: string
  /** Of the thread topics: how many differ so. */
  topics: number
}

/** A topic of a prefix, or all thread topics together. */
export interface TopicRow {
  /** For the thread topics their common start and `*`. */
  name: string
  /** How many topics it stands for; 0 for one that is missing. */
  topics: number
  partitions: number
  records: number
  /** Undefined where this client may not ask. */
  bytes: number | undefined
  differences: Difference[]
  /** Whether this version knows what the topic is for. */
  known: boolean
}

/** The settings to ask for. */
export const COMPARED_SETTINGS = [
  'cleanup.policy',
  'retention.ms',
  'segment.ms',
  'min.cleanable.dirty.ratio',
  'min.compaction.lag.ms',
]

/** What there is beside what is wanted: shared topics, pools' commands, thread topics as one row, then others. */
export const topicReport = (
  facts: readonly TopicFacts[],
  { prefix, commandPartitions }: Pick<ClientConfig, 'prefix' | 'commandPartitions'>,
): TopicRow[] => {
  const byName = new Map(facts.map((topic) => [topic.name, topic]))
  const threadStart = `${prefix}.thread.`
  const poolStart = `${prefix}.commands.`
  const pools = facts
    .filter(({ name }) => name.startsWith(poolStart))
    .map(({ name }) => commandsTopic(prefix, commandPartitions, name.slice(poolStart.length)))
  const wanted = [...Object.values(sharedTopics(prefix, commandPartitions)), ...pools]
  const names = new Set(wanted.map(({ name }) => name))
  const threads = facts.filter(({ name }) => name.startsWith(threadStart))
  const others = facts.filter(({ name }) => !names.has(name) && !name.startsWith(threadStart))
  return [
    ...wanted.map((settings) => rowOf(settings, byName.get(settings.name))),
    threadRow(`${threadStart}*`, threads),
    ...others.map((topic) => ({ ...totalOf(topic.name, [topic]), differences: [], known: false })),
  ]
}

const rowOf = (wanted: TopicSettings, found: TopicFacts | undefined): TopicRow => ({
  ...totalOf(wanted.name, found === undefined ? [] : [found]),
  differences:
    found === undefined
      ? [{ setting: 'topic', found: undefined, wanted: 'to exist', topics: 1 }]
      : differencesOf(wanted, found),
  known: true,
})

const threadRow = (name: string, topics: TopicFacts[]): TopicRow => {
  const wanted = { name, partitions: 1, config: THREAD_TOPIC_CONFIG }
  const differences = new Map<string, Difference>()
  for (const difference of topics.flatMap((topic) => differencesOf(wanted, topic))) {
    const key = `${difference.setting}=${difference.found}`
    const known = differences.get(key)
    if (known === undefined) differences.set(key, difference)
    else known.topics += 1
  }
  return { ...totalOf(name, topics), differences: [...differences.values()], known: true }
}

const differencesOf = ({ partitions, config }: TopicSettings, found: TopicFacts): Difference[] =>
  [
    ['partitions', String(found.partitions), String(partitions)] as const,
    ...Object.entries(config).map(([name, value]) => [name, found.config[name], value] as const),
  ]
    .filter(([, is, wanted]) => is !== wanted)
    .map(([setting, is, wanted]) => ({ setting, found: is, wanted, topics: 1 }))

const totalOf = (name: string, topics: readonly TopicFacts[]) => ({
  name,
  topics: topics.length,
  partitions: topics.reduce((total, { partitions }) => total + partitions, 0),
  records: topics.reduce((total, { records }) => total + records, 0),
  bytes: topics.some(({ bytes }) => bytes === undefined)
    ? undefined
    : topics.reduce((total, { bytes = 0 }) => total + bytes, 0),
})
