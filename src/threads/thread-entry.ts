import { z } from 'zod'

export const THREAD_STATUSES = ['running', 'finished', 'failed'] as const

const schema = z.object({
  version: z.literal(1),
  threadId: z.string().min(1),
  /** Of the latest run, as the next two. */
  agentId: z.string(),
  runId: z.string(),
  status: z.enum(THREAD_STATUSES),
  /** How many runs it has had. */
  runs: z.number().int().nonnegative(),
  /** Of its last event. */
  seq: z.number().int().nonnegative(),
  /** Milliseconds since 1970: its first claim. */
  createdAt: z.number(),
  /** Milliseconds since 1970: when the entry was written, at the start or end of a run. */
  updatedAt: z.number(),
})

/** A thread in the directory, the threads topic: schemas/thread.json. */
export type ThreadEntry = z.output<typeof schema>

export const parseThreadEntry = (value: unknown): ThreadEntry => schema.parse(value)
