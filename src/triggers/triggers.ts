import { type RunnerConfig, type RunnerInput, runnerConfig } from '../config.ts'
import { formatFor } from '../connection.ts'
import { RunnerError } from '../errors.ts'
import { Cluster } from '../kafka/cluster.ts'
import { createProducer } from '../kafka/producer.ts'
import { ensureSharedTopics } from '../kafka/shared-topics.ts'
import { createSourceConsumer, type SourceRecord } from '../kafka/source-consumer.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import { machine } from '../system.ts'
import { commandsTopic, sharedTopics } from '../topics.ts'
import { createMapping, type Outcome } from './mapping.ts'
import { untilItWorks } from './persistence.ts'
import { WITHOUT_REGISTRY } from './source-value.ts'
import { compileTriggers, type Trigger } from './trigger.ts'
import { invalidFile, type TriggerFile } from './trigger-file.ts'
import { Writes } from './writes.ts'

export interface TriggersOptions {
  config: RunnerInput
  file: TriggerFile
  /** It will not read any more. */
  onError(error: RunnerError): void
  /** Kafka session.timeout.ms: how long the records of a process that was killed wait. @default 6_000 */
  sessionTimeoutMs?: number
  /** @default warnings and errors on standard error */
  logger?: Logger
}

/** Since start, by this process. */
export interface TriggerCounts {
  records: number
  commands: number
  refused: number
  deadLetters: number
}

export interface Triggers {
  readonly counts: Readonly<TriggerCounts>
  readonly groupId: string
  /**
   * Resolves when it reads, or when stop() was called before that. Brokers or a registry that are away are waited for.
   * @throws RunnerError CONFIG_INVALID, TOPIC_MISMATCH, SCHEMA_UNREGISTERED
   */
  start(): Promise<void>
  /** Finishes what is in hand and leaves the group. Idempotent. */
  stop(): Promise<void>
}

const FINISH_MS_MAX = 10_000

/**
 * Maps records of any topics to run commands, each at least once, with ids by which workers answer each once.
 * @throws RunnerError CONFIG_INVALID
 */
export const createTriggers = (options: TriggersOptions): Triggers => {
  const { file, logger = stderrLogger, sessionTimeoutMs = 6_000 } = options
  const config = runnerConfig(options.config)
  const triggers = compileTriggers(file)
  checkAgainst(config, file, triggers)
  const groupId = file.groupId ?? `${config.prefix}.triggers`
  const format = formatFor(config)
  const mapping = createMapping({ config, triggers, format, now: machine.now })
  const topics = [...new Set(triggers.map(({ topic }) => topic))]
  const producer = createProducer(config.kafka, { acks: -1 })
  const counts: TriggerCounts = { records: 0, commands: 0, refused: 0, deadLetters: 0 }
  const stopping = new AbortController()
  let turn: Promise<unknown> = Promise.resolve()

  /** One after the other, so that what one partition sends does not share a request with another's. */
  const send = (writes: Writes): Promise<void> => {
    const sent = turn.then(() => writes.send(producer))
    turn = sent.catch(() => {})
    return sent
  }

  /** True when all that the records became was acknowledged. */
  const take = async (records: SourceRecord[], signal: AbortSignal): Promise<boolean> => {
    let writes = new Writes()
    const flush = async (): Promise<void> => {
      const full = writes
      writes = new Writes()
      if (!full.isEmpty) await untilItWorks('Writing commands', () => send(full), { signal, logger })
    }
    const done: Summary[] = []
    for (const record of records) {
      const mapped = await untilItWorks('Mapping a record', () => mapping(record), { signal, logger })
      if (mapped === undefined) return false
      const more = mapped.flatMap((outcome) => (outcome.what === 'refused' ? [] : [outcome.write]))
      if (!writes.hasRoomFor(more)) await flush()
      writes.add(more)
      done.push(...mapped.map(summaryOf))
    }
    await flush()
    if (signal.aborted) return false
    counts.records += records.length
    for (const { what, letter } of done) {
      counts[COUNTED[what]] += 1
      // The reason quotes the record, and stands with it among the dead letters.
      if (letter !== undefined) logger.warn('A record went to the dead letters', letter)
    }
    return true
  }

  const consumer = createSourceConsumer(config.kafka, {
    topics,
    groupId,
    sessionTimeoutMs,
    onRecords: take,
    onError: options.onError,
    logger,
  })

  const prepare = async (): Promise<void> => {
    const shared = sharedTopics(config.prefix, config.commandPartitions)
    const pools = [...new Set(Object.values(config.pools))].map((pool) =>
      commandsTopic(config.prefix, config.commandPartitions, pool),
    )
    await ensureSharedTopics(config.kafka, [shared.commands, shared.deadLetter, ...pools])
    await format.start()
    await checkTopics(config, file, triggers)
  }
  const start = async (): Promise<void> => {
    const trying = { signal: stopping.signal, logger }
    // What time does not mend ends it; the rest is a reason to try again.
    const prepared = await untilItWorks('Starting the triggers', () => orFinal(prepare), trying)
    if (prepared !== undefined && 'final' in prepared) throw prepared.final
    await untilItWorks('Joining the group of the triggers', () => consumer.start(), trying)
  }
  let started: Promise<void> | undefined
  let stopped: Promise<void> | undefined
  return {
    counts,
    groupId,
    start: () => {
      started ??= start()
      return started
    },
    stop: () => {
      stopped ??= (async () => {
        stopping.abort()
        await consumer.stop(FINISH_MS_MAX)
        await producer.close()
      })()
      return stopped
    },
  }
}

/** A final error as a result: trying again is for the others. */
const orFinal = async (act: () => Promise<void>): Promise<{ final: unknown } | Record<string, never>> => {
  try {
    await act()
    return {}
  } catch (error) {
    if (error instanceof RunnerError && !error.retriable) return { final: error }
    throw error
  }
}

const checkAgainst = (config: RunnerConfig, file: TriggerFile, triggers: Trigger[]): void => {
  const { commands, deadLetter } = sharedTopics(config.prefix, config.commandPartitions)
  for (const { id, topic, format } of triggers) {
    if (topic === deadLetter.name || topic === commands.name || topic.startsWith(`${commands.name}.`))
      throw invalidFile(
        file.path,
        `Trigger "${id}" reads ${topic}, to which triggers write: it would never end`,
      )
    if (format === 'avro' && config.schemaRegistry === undefined)
      throw invalidFile(file.path, `Trigger "${id}": ${WITHOUT_REGISTRY.replace(/\.$/, '')}`)
  }
}

/** A group would wait in silence for a topic that is misspelt. */
const checkTopics = async (
  { kafka }: RunnerConfig,
  file: TriggerFile,
  triggers: Trigger[],
): Promise<void> => {
  const cluster = new Cluster(kafka)
  try {
    for (const { id, topic } of triggers)
      if ((await cluster.partitionsOf(topic)) === 0)
        throw invalidFile(
          file.path,
          `Trigger "${id}": there is no topic "${topic}". Create it, or correct its name`,
        )
  } finally {
    await cluster.close()
  }
}

const COUNTED = {
  command: 'commands',
  refused: 'refused',
  'dead-letter': 'deadLetters',
} as const satisfies Record<Outcome['what'], keyof TriggerCounts>

/** What is kept of an outcome until it is acknowledged: not the command itself, of which there may be many large ones. */
interface Summary {
  what: Outcome['what']
  letter?: { trigger: string; code: string; source?: string }
}

const summaryOf = (outcome: Outcome): Summary => {
  const { what, trigger } = outcome
  if (what !== 'dead-letter') return { what }
  return {
    what,
    letter: { trigger, code: outcome.error.code, source: outcome.write.headers?.['dead-letter-source'] },
  }
}
