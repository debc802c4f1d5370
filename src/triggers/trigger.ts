import { z } from 'zod'
import type { Command } from '../command/command.ts'
import { messageOf, RunnerError } from '../errors.ts'
import type { SourceRecord } from '../kafka/source-consumer.ts'
import { compileExpression, type Expression } from './expression.ts'
import { invalidFile, type TriggerDefinition, type TriggerFile } from './trigger-file.ts'

/** A trigger with its expressions compiled. */
export interface Trigger {
  id: string
  topic: string
  format: TriggerDefinition['format']
  /**
   * The command that a record becomes; undefined where the filter refuses it. The same record gives the same
   * command whenever it is asked, but for its `time`.
   * @throws RunnerError TRIGGER_FAILED
   */
  commandFor(record: SourceRecord, value: unknown, now: number): Promise<Command | undefined>
}

const FIELDS = ['filter', 'agent', 'threadId', 'message', 'state', 'context', 'forwardedProps'] as const
type Field = (typeof FIELDS)[number]

/** @throws RunnerError CONFIG_INVALID, which names the file, the trigger and the expression */
export const compileTriggers = ({ path, triggers }: TriggerFile): Trigger[] =>
  triggers.map((definition) => compileTrigger(path, definition))

const compileTrigger = (path: string, definition: TriggerDefinition): Trigger => {
  const { id, topic, format } = definition
  const expressions = Object.fromEntries(
    FIELDS.flatMap((field) => {
      const source = sourceOf(definition, field)
      return source === undefined ? [] : [[field, compiled(path, id, field, source)]]
    }),
  ) as Partial<Record<Field, Expression>>

  const evaluate = async (field: Field, input: object): Promise<unknown> => {
    try {
      return await expressions[field]?.evaluate(input)
    } catch (error) {
      throw failed(id, `its ${field} failed: ${messageOf(error)}`, error)
    }
  }
  const text = async (field: Field, input: object): Promise<string> => {
    const found = await evaluate(field, input)
    if (typeof found === 'string' && found !== '') return found
    throw failed(id, `its ${field} has to be a text, and is ${described(found)}`)
  }

  return {
    id,
    topic,
    format,
    commandFor: async (record, value, now) => {
      const input = inputOf(record, value)
      if (!(await passes(id, definition, () => evaluate('filter', input)))) return undefined
      const commandId = commandIdOf(id, record)
      const threadId = await text('threadId', input)
      const content = await text('message', input)
      const agentId = expressions.agent === undefined ? definition.agent : await text('agent', input)
      return {
        version: 1,
        commandId,
        threadId,
        agentId,
        input: {
          threadId,
          runId: commandId,
          messages: [{ id: `${commandId}/message`, role: 'user', content }],
          tools: [],
          context: contextOf(id, await evaluate('context', input)),
          state: (await evaluate('state', input)) ?? {},
          forwardedProps: (await evaluate('forwardedProps', input)) ?? {},
        },
        onConcurrentRun: definition.onConcurrentRun,
        ttlMs: definition.ttlMs,
        runTimeoutMs: definition.runTimeoutMs,
        headers: {},
        traceparent: traceparentOf(record),
        time: now,
      }
    },
  }
}

/** Of one source record always the same: a worker answers a command id once per thread. */
export const commandIdOf = (
  triggerId: string,
  { topic, partition, offset }: Pick<SourceRecord, 'topic' | 'partition' | 'offset'>,
): string => `${triggerId}/${topic}-${partition}-${offset}`

/** An agent is a constant unless it begins with "=". */
const sourceOf = (definition: TriggerDefinition, field: Field): string | undefined => {
  const given = definition[field]
  if (field !== 'agent') return given
  return given?.startsWith('=') ? given.slice(1) : undefined
}

const compiled = (path: string, id: string, field: Field, source: string): Expression => {
  try {
    return compileExpression(source)
  } catch (error) {
    throw invalidFile(path, `Trigger "${id}", ${field}: ${messageOf(error)}`)
  }
}

/** What expressions see. */
const inputOf = (record: SourceRecord, value: unknown): object => {
  const { key = null, headers, topic, partition, offset, time } = record
  return { key, value, headers, topic, partition, offset, time }
}

const passes = async (
  id: string,
  { filter }: TriggerDefinition,
  evaluate: () => Promise<unknown>,
): Promise<boolean> => {
  if (filter === undefined) return true
  const found = (await evaluate()) ?? false
  if (typeof found === 'boolean') return found
  throw failed(id, `its filter has to be true or false, and is ${described(found)}`)
}

const contextSchema = z.array(z.strictObject({ description: z.string(), value: z.string() }))

const contextOf = (id: string, found: unknown): z.output<typeof contextSchema> => {
  const result = contextSchema.safeParse(found ?? [])
  if (result.success) return result.data
  throw failed(
    id,
    `its context has to be a list of { "description": text, "value": text }, and is ${described(found)}`,
  )
}

/** W3C trace context; anything else would only confuse who reads it. */
const traceparentOf = ({ headers }: SourceRecord): string | undefined =>
  /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(headers.traceparent ?? '')
    ? headers.traceparent
    : undefined

const EXCERPT_CHARACTERS = 100

const described = (found: unknown): string => {
  if (found === undefined) return 'nothing'
  const text = JSON.stringify(found)
  const excerpt = text.length > EXCERPT_CHARACTERS ? `${text.slice(0, EXCERPT_CHARACTERS)}…` : text
  return typeof found === 'number' ? `the number ${excerpt}; $string() makes a text of it` : excerpt
}

const failed = (id: string, problem: string, cause?: unknown): RunnerError =>
  new RunnerError('TRIGGER_FAILED', `Trigger "${id}": ${problem}.`, { cause })
