import { z } from 'zod'
import { RunnerError } from '../errors.ts'

/** Threads on one page, unless asked for. */
const LIMIT = 50
const LIMIT_MAX = 1_000

const time = z.union([
  z.number(),
  z.date().transform((date) => date.getTime()),
  z
    .string()
    .min(1)
    .transform((text) => (/^\d+$/.test(text) ? Number(text) : Date.parse(text))),
])

const schema = z.strictObject({
  /** The agent of the thread's latest run. */
  agentId: z.string().min(1).optional(),
  /** Changed at this time or later: a Date, milliseconds since 1970, or an ISO date. */
  from: time.optional(),
  /** Changed before this time. */
  to: time.optional(),
  /** Threads on the page, 1,000 at most. @default 50 */
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT),
  /** Of the page before: what came with it as `nextCursor`. */
  cursor: z.string().min(1).nullish(),
})

export type ThreadQuery = z.input<typeof schema>

/** The last thread of the page before. */
export interface PageEnd {
  updatedAt: number
  threadId: string
}

export interface PageRequest {
  agentId?: string
  from: number
  to: number
  limit: number
  after?: PageEnd
}

/** @throws RunnerError INPUT_INVALID, which names the field */
export const pageRequest = (query: ThreadQuery): PageRequest => {
  const { success, data, error } = schema.safeParse(query)
  if (!success) {
    const [issue] = error.issues
    throw invalid(`${issue?.path.join('.') || 'query'}: ${issue?.message}`)
  }
  const { agentId, from = 0, to = Number.MAX_SAFE_INTEGER, limit, cursor } = data
  if (Number.isNaN(from)) throw invalid('from: it is no time')
  if (Number.isNaN(to)) throw invalid('to: it is no time')
  return { agentId, from, to, limit, ...(cursor && { after: parseCursor(cursor) }) }
}

/** Opaque to its bearer. */
export const cursorAt = ({ updatedAt, threadId }: PageEnd): string =>
  Buffer.from(JSON.stringify([updatedAt, threadId])).toString('base64url')

const cursorSchema = z.tuple([z.number(), z.string()])

const parseCursor = (cursor: string): PageEnd => {
  try {
    const [updatedAt, threadId] = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
    return { updatedAt, threadId }
  } catch (error) {
    throw invalid('cursor: it is none that a page came with', error)
  }
}

const invalid = (problem: string, cause?: unknown): RunnerError =>
  new RunnerError('INPUT_INVALID', `The list of threads cannot be given. ${problem}.`, { cause })
