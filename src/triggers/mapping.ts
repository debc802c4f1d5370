import { setImmediate } from 'node:timers/promises'
import { type Command, encodeCommand } from '../command/command.ts'
import type { RunnerConfig } from '../config.ts'
import { letterOf } from '../dead-letter/letter.ts'
import { messageOf, RunnerError } from '../errors.ts'
import type { ProducerRecord } from '../kafka/producer.ts'
import type { SourceRecord } from '../kafka/source-consumer.ts'
import type { RecordFormat } from '../schema/record-format.ts'
import { commandsTopic, sharedTopics } from '../topics.ts'
import { createDecoders, decodeValue } from './source-value.ts'
import type { Trigger } from './trigger.ts'

const BUSY_MS_MAX = 20

/** What a source record becomes by one trigger. */
export type Outcome = { trigger: string } & (
  | { what: 'command'; write: ProducerRecord; command: Command }
  | { what: 'refused' }
  | { what: 'dead-letter'; write: ProducerRecord; error: RunnerError }
)

export interface MappingOptions {
  config: Pick<RunnerConfig, 'prefix' | 'commandPartitions' | 'pools' | 'schemaRegistry'>
  triggers: Trigger[]
  /** Of the commands. */
  format: RecordFormat
  now(): number
}

/**
 * What a record becomes by each trigger of its topic.
 * @throws RunnerError REGISTRY_UNAVAILABLE: to be asked again
 */
export type Mapping = (record: SourceRecord) => Promise<Outcome[]>

export const createMapping = ({ config, triggers, format, now }: MappingOptions): Mapping => {
  const decoders = createDecoders(config.schemaRegistry)
  const deadLetters = sharedTopics(config.prefix, config.commandPartitions).deadLetter.name
  const commandsOf = (agentId: string): string =>
    commandsTopic(config.prefix, config.commandPartitions, poolOf(config.pools, agentId)).name

  const outcomeOf = async (trigger: Trigger, record: SourceRecord): Promise<Outcome> => {
    const { id } = trigger
    try {
      const value = await decodeValue(decoders[trigger.format], record.value)
      const command = await trigger.commandFor(record, value, now())
      if (command === undefined) return { trigger: id, what: 'refused' }
      const topic = commandsOf(command.agentId)
      const write = { topic, key: command.threadId, value: encodeCommand(command, format) }
      return { trigger: id, what: 'command', write, command }
    } catch (error) {
      const problem = asRunnerError(id, error)
      if (problem.retriable) throw problem
      const write = letterOf(deadLetters, record, problem, { trigger: id })
      return { trigger: id, what: 'dead-letter', write, error: problem }
    }
  }

  let breathedAt = performance.now()
  /** JSONata waits for nothing that is outside, so heartbeats and brokers' answers would wait for it. */
  const breathe = async (): Promise<void> => {
    if (performance.now() - breathedAt < BUSY_MS_MAX) return
    await setImmediate()
    breathedAt = performance.now()
  }

  return async (record) => {
    const outcomes: Outcome[] = []
    for (const trigger of triggers) {
      if (trigger.topic !== record.topic) continue
      await breathe()
      outcomes.push(await outcomeOf(trigger, record))
    }
    return outcomes
  }
}

/** Whatever a record brought about, it is no reason to stop. */
const asRunnerError = (id: string, error: unknown): RunnerError =>
  error instanceof RunnerError
    ? error
    : new RunnerError('TRIGGER_FAILED', `Trigger "${id}" failed: ${messageOf(error)}.`, { cause: error })

/** An agent's id comes from a record: "constructor" is in no pool. */
const poolOf = (pools: Record<string, string>, agentId: string): string | undefined =>
  Object.hasOwn(pools, agentId) ? pools[agentId] : undefined
