import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { z } from 'zod'
import { CONCURRENT_RUN_MODES } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'

/** JSONata over the record: { key, value, headers, topic, partition, offset, time }. */
const expression = z.string().min(1)
const ms = z.number().int().positive()
const TRIGGERS_MAX = 100

const triggerSchema = z.strictObject({
  /** Part of every command id: a trigger that gets another name starts runs for old records anew, once it reads them. */
  id: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/, 'must be 1 to 100 of A-Z, a-z, 0-9, ".", "_" and "-"'),
  /** Kafka topic whose records start runs. */
  topic: z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, 'must be the name of a Kafka topic'),
  /** What its values are. @default 'json' */
  format: z.enum(['json', 'text', 'avro']).default('json'),
  /** A run is started where this is true; not where it is false or finds nothing. @default every record */
  filter: expression.optional(),
  /** The agent's id; with "=" in front an expression. */
  agent: expression,
  threadId: expression,
  /** The text of the user's message. */
  message: expression,
  /** @default {} */
  state: expression.optional(),
  /** A list of { description, value }. @default [] */
  context: expression.optional(),
  /** @default {} */
  forwardedProps: expression.optional(),
  /** What the run gets while its thread has another. @default 'enqueue' */
  onConcurrentRun: z.enum(CONCURRENT_RUN_MODES).default('enqueue'),
  /** The run is not begun later than this after its command was written. @default no limit */
  ttlMs: ms.optional(),
  /** @default the worker's */
  runTimeoutMs: ms.optional(),
})

const fileSchema = z
  .strictObject({
    /** Kafka group.id. @default '<prefix>.triggers' */
    groupId: z.string().min(1).max(200).optional(),
    triggers: z.array(triggerSchema).min(1).max(TRIGGERS_MAX),
  })
  .superRefine(({ triggers }, { addIssue }) => {
    const seen = new Set<string>()
    for (const [at, { id }] of triggers.entries()) {
      if (seen.has(id))
        addIssue({ code: 'custom', path: ['triggers', at, 'id'], message: `"${id}" is there twice` })
      seen.add(id)
    }
  })

export type TriggerDefinition = z.output<typeof triggerSchema>

export interface TriggerFile {
  /** Where it was read from, for messages. */
  path: string
  groupId?: string
  triggers: TriggerDefinition[]
}

/** YAML, or JSON in a file whose name ends so. @throws RunnerError CONFIG_INVALID, which names the file and the field */
export const readTriggerFile = async (path: string): Promise<TriggerFile> => {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw invalidFile(path, `it cannot be read: ${messageOf(error)}`)
  }
  return parseTriggerFile(path, text)
}

/** @throws RunnerError CONFIG_INVALID, which names the file and the field */
export const parseTriggerFile = async (path: string, text: string): Promise<TriggerFile> => {
  const result = fileSchema.safeParse(await contentOf(path, text))
  if (result.success) return { path, ...result.data }
  const problems = result.error.issues.map(({ path: field, message }) =>
    [field.join('.'), message].filter((part) => part !== '').join(': '),
  )
  throw invalidFile(path, problems.join('; '))
}

const contentOf = async (path: string, text: string): Promise<unknown> => {
  try {
    if (extname(path).toLowerCase() === '.json') return JSON.parse(text)
    const { parse } = await import('yaml')
    return parse(text)
  } catch (error) {
    // The lines after the first quote the file.
    throw invalidFile(path, messageOf(error).split('\n')[0] ?? '')
  }
}

export const invalidFile = (path: string, problem: string): RunnerError =>
  new RunnerError('CONFIG_INVALID', `Invalid triggers file ${path}: ${problem}.`)
