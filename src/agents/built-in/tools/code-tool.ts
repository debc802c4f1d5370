import { z } from 'zod'
import type { Logger } from '../../../logger.ts'
import { type CheckArguments, checkBySchema, problemOf } from './arguments.ts'

/** What a tool is told of its call. */
export interface ToolContext {
  /** Aborts when the run is stopped, or the call took too long. */
  signal: AbortSignal
  threadId: string
  runId: string
  toolCallId: string
  logger: Logger
}

export interface ToolDefinition<Args> {
  name: string
  /** For the model: what it does, and when to use it. */
  description: string
  /** Whether a person has to agree to each call. @default false */
  approval?: boolean
  /** What it returns is for the model: a text as it is, anything else as JSON. What it throws is told as `error: …`. */
  execute(args: Args, context: ToolContext): unknown
}

/** A tool from code, made by `defineTool`. */
export interface CodeTool {
  readonly isTool: true
  readonly name: string
  readonly description: string
  /** JSON Schema. */
  readonly parameters: object
  readonly approval: boolean
  readonly check: CheckArguments
  execute(args: unknown, context: ToolContext): unknown
}

type JsonSchema = { readonly type: 'object'; readonly [keyword: string]: unknown }

/**
 * A tool that the built-in agent can call.
 * @param definition its `parameters` are a zod 4 schema of an object, or a JSON Schema with `type: 'object'`
 * @throws TypeError where they are neither
 */
export function defineTool<Schema extends z.ZodType>(
  definition: ToolDefinition<z.output<Schema>> & { parameters: Schema },
): CodeTool
export function defineTool(
  definition: ToolDefinition<Record<string, unknown>> & { parameters: JsonSchema },
): CodeTool
export function defineTool(
  // biome-ignore lint/suspicious/noExplicitAny: the overloads above are what callers see
  definition: ToolDefinition<any> & { parameters: z.ZodType | JsonSchema },
): CodeTool {
  const { name, description, approval = false, execute } = definition
  const { parameters, check } = schemaOf(name, definition.parameters)
  return { isTool: true, name, description, approval, parameters, check, execute: execute.bind(definition) }
}

/** By what it has, not by its class: a module of tools may have another copy of this library. */
export const isCodeTool = (value: unknown): value is CodeTool =>
  typeof value === 'object' && value !== null && 'isTool' in value && 'execute' in value && 'check' in value

const schemaOf = (
  name: string,
  given: z.ZodType | JsonSchema,
): { parameters: object; check: CheckArguments } => {
  try {
    const schema = isZod(given) ? z.toJSONSchema(given, { io: 'input' }) : given
    if ((schema as { type?: unknown }).type !== 'object') throw new Error('they describe no object')
    if (!isZod(given)) return { parameters: given, check: checkBySchema(given) }
    return { parameters: schema, check: checkByZod(given) }
  } catch (error) {
    throw new TypeError(
      `The parameters of tool "${name}" cannot be used: ${error instanceof Error ? error.message : String(error)}. ` +
        "Give a zod 4 schema such as z.object({ city: z.string() }), or a JSON Schema with type: 'object'.",
      { cause: error },
    )
  }
}

const isZod = (given: z.ZodType | JsonSchema): given is z.ZodType => '_zod' in given

/** With what the schema makes of them: defaults, transformations. */
const checkByZod =
  (schema: z.ZodType): CheckArguments =>
  async (args) => {
    const parsed = await schema.safeParseAsync(args)
    if (parsed.success) return { args: parsed.data }
    const reasons = parsed.error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join('.')}: ${message}`,
    )
    return { problem: problemOf(reasons) }
  }
