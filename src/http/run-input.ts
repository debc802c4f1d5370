import { randomUUID } from 'node:crypto'
import type { RunAgentInput } from '@ag-ui/client'
import { z } from 'zod'
import { LIMITS } from '../config.ts'
import { HttpError } from './http-error.ts'

/** As lenient as the log: it checks what a run needs; the rest is between the client and the agent. */
const runSchema = z.looseObject({
  threadId: z.string().min(1),
  runId: z
    .string()
    .min(1)
    .default(() => randomUUID()),
  messages: z.array(z.looseObject({ id: z.string().min(1), role: z.string().min(1) })),
  tools: z.array(z.unknown()).default([]),
  context: z.array(z.unknown()).default([]),
  state: z.unknown().default({}),
  forwardedProps: z.unknown().default({}),
})

const stopSchema = z.strictObject({ runId: z.string().min(1).optional() })

/** @throws HttpError 400, which names the field; 413 */
export const runInput = (body: unknown): RunAgentInput => {
  const input = parsed(runSchema, body, 'RunAgentInput')
  const bytes = Buffer.byteLength(JSON.stringify(input))
  if (bytes > LIMITS.recordBytesMax) {
    throw new HttpError(
      413,
      'INPUT_TOO_LARGE',
      `The input is ${bytes} bytes as JSON; a command holds ${LIMITS.recordBytesMax}. Send only the messages that ` +
        'are new, or put large content elsewhere and send its address.',
    )
  }
  return input as unknown as RunAgentInput
}

/** The run to stop, where one is named. @throws HttpError 400 */
export const stopInput = (body: unknown): { runId?: string } => parsed(stopSchema, body ?? {}, 'stop request')

const parsed = <T>(schema: z.ZodType<T>, body: unknown, what: string): T => {
  if (body === undefined) {
    throw new HttpError(
      415,
      'BODY_NOT_JSON',
      `Send the ${what} as JSON, with "content-type: application/json".`,
    )
  }
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
  throw new HttpError(400, 'INPUT_INVALID', `The body is not a ${what}: ${problems.join('; ')}.`)
}
