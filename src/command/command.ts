import type { RunAgentInput } from '@ag-ui/client'
import { z } from 'zod'
import { CONCURRENT_RUN_MODES, LIMITS } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import type { RecordFormat } from '../schema/record-format.ts'

/** A lone surrogate becomes another character on its way through UTF-8: two ids would share a topic. */
const text = z
  .string()
  .min(1)
  .refine((id) => id.isWellFormed(), 'must be well-formed Unicode, without lone surrogates')

const inputSchema = z.looseObject({
  threadId: text,
  runId: text,
  messages: z.array(z.looseObject({ id: z.string(), role: z.string() })),
  tools: z.array(z.unknown()).default([]),
  context: z.array(z.unknown()).default([]),
})

const commandSchema = z.object({
  version: z.literal(1),
  /** Makes a command idempotent: a second one with the same id is not executed. */
  commandId: text,
  threadId: text,
  agentId: text,
  input: inputSchema,
  /** What becomes of it while the thread has a run. */
  onConcurrentRun: z.enum(CONCURRENT_RUN_MODES).default('reject'),
  /** It is not begun later than this after `time`. */
  ttlMs: z.number().positive().optional(),
  /** The run is ended after this, or after its worker's own limit where that is less. */
  runTimeoutMs: z.number().positive().optional(),
  /** Agent headers that an allow-list let through; see `forwardHeaders`. */
  headers: z.record(z.string(), z.string()).default({}),
  /** W3C trace context that the run belongs to. */
  traceparent: z.string().optional(),
  /** Milliseconds since 1970, by the sender's clock. */
  time: z.number(),
})

/** A run request: schemas/command.json. */
export type Command = Omit<z.output<typeof commandSchema>, 'input'> & { input: RunAgentInput }

/**
 * A command as its record's value.
 * @throws RunnerError INPUT_TOO_LARGE, INPUT_INVALID
 */
export const encodeCommand = (command: Command, format: RecordFormat): Buffer => {
  check(command)
  const value = format.encode('command', command)
  if (value.length > LIMITS.recordBytesMax) {
    throw new RunnerError(
      'INPUT_TOO_LARGE',
      `The command of run "${command.input.runId}" is ${value.length} bytes; a record holds ` +
        `${LIMITS.recordBytesMax}. Send only the messages that are new, or put large content elsewhere and send its address.`,
    )
  }
  return value
}

/**
 * A record's value as a command. The record's key has to be its thread id: that is what keeps a thread in one
 * partition.
 * @throws RunnerError COMMAND_UNDECODABLE; REGISTRY_UNAVAILABLE, which says nothing about the command
 */
export const decodeCommand = async (
  key: string | undefined,
  value: Buffer | null,
  format: RecordFormat,
): Promise<Command> => {
  await format.load(value)
  try {
    const parsed = commandSchema.parse(format.decode('command', value))
    if (key !== parsed.threadId) throw new Error(`its key is ${JSON.stringify(key)}, not its threadId`)
    if (parsed.input.threadId !== parsed.threadId) throw new Error('input.threadId is not its threadId')
    // The schema checks what this library relies on; the rest is between the client and the agent.
    return parsed as unknown as Command
  } catch (error) {
    const problem =
      error instanceof z.ZodError
        ? error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
        : messageOf(error)
    throw new RunnerError('COMMAND_UNDECODABLE', `A record is no run command: ${problem}.`, { cause: error })
  }
}

const check = (command: Command): void => {
  const result = commandSchema.safeParse(command)
  if (result.success) return
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new RunnerError('INPUT_INVALID', `The run's input is not a RunAgentInput: ${problems.join('; ')}.`)
}
