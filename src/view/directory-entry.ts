import { z } from 'zod'

const schema = z.object({
  threadId: z.string().min(1),
  agentId: z.string(),
  runId: z.string(),
  status: z.enum(['running', 'finished', 'failed']),
  runs: z.number(),
  seq: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
})

/** A record of the threads topic, schemas/thread.json. */
export type DirectoryEntry = z.output<typeof schema>

export const parseDirectoryEntry = (value: unknown): DirectoryEntry => schema.parse(value)
