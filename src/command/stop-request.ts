import { z } from 'zod'
import type { RecordFormat } from '../schema/record-format.ts'

const schema = z.object({
  version: z.literal(1),
  stopId: z.string().min(1),
  threadId: z.string().min(1),
  /** Exactly this run, never a later one of the thread. */
  runId: z.string().min(1),
  /** Of the run that is meant, where the sender knows it: a run's id may be used again on its thread. */
  commandId: z.string().min(1).optional(),
  /** `superseded`: a later run took its place. `erased`: its thread is deleted, and it is not to bring it back. */
  cause: z.enum(['stop', 'superseded', 'erased']).default('stop'),
  /** Milliseconds since 1970, by the sender's clock. */
  time: z.number(),
})

/** A record of the control topic: schemas/stop-request.json. */
export type StopRequest = z.output<typeof schema>

export const encodeStopRequest = (request: z.input<typeof schema>, format: RecordFormat): Buffer =>
  format.encode('stop-request', request)

/** Undefined for anything else: the control topic has no caller that could be told. */
export const decodeStopRequest = (value: Buffer | null, format: RecordFormat): StopRequest | undefined => {
  try {
    return schema.parse(format.decode('stop-request', value))
  } catch {
    return undefined
  }
}
