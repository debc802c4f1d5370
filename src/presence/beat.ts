import { z } from 'zod'
import type { RecordFormat } from '../schema/record-format.ts'

const schema = z.object({
  version: z.literal(1),
  workerId: z.string().min(1),
  /** Of its process, as in its claims. */
  instanceId: z.string().min(1),
  state: z.enum(['running', 'draining']),
  /** The pool whose commands it takes, if it is in one. */
  pool: z.string().optional(),
  /** Agents in its registry; runs of other agents it executes only for its own process. */
  agents: z.array(z.string()),
  runs: z.number().int().nonnegative(),
  startedAt: z.number(),
  time: z.number(),
})

/** A worker's sign of life, a record of the workers topic: schemas/worker.json. */
export type Beat = z.output<typeof schema>

export const encodeBeat = (beat: Beat, format: RecordFormat): Buffer => format.encode('worker', beat)

export const decodeBeat = (value: Buffer, format: RecordFormat): Beat | undefined => {
  try {
    return schema.parse(format.decode('worker', value))
  } catch {
    return undefined
  }
}
