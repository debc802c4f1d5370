import { z } from 'zod'
import type { Interrupt } from '../../run/interrupts.ts'

/** `__interrupt__` of a state: what `interrupt()` was called with in the graph. */
const schema = z.array(z.object({ id: z.string().nullish(), value: z.unknown().optional() }))

/** Where a value says so itself, as AG-UI's own LangGraph agents have it. */
const asked = z.looseObject({
  reason: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  question: z.string().optional().catch(undefined),
  toolCallId: z.string().optional().catch(undefined),
  responseSchema: z.record(z.string(), z.unknown()).optional().catch(undefined),
})

export const graphInterrupts = (data: unknown): Interrupt[] =>
  (schema.safeParse(data).data ?? []).map(({ id, value }, at) => {
    const { reason, message, question, toolCallId, responseSchema } = asked.safeParse(value).data ?? {}
    const said = typeof value === 'string' ? value : (message ?? question)
    return {
      id: id ?? `interrupt-${at}`,
      reason: reason ?? 'input_required',
      ...(said !== undefined && { message: said }),
      ...(toolCallId !== undefined && { toolCallId }),
      ...(responseSchema !== undefined && { responseSchema }),
      metadata: { value },
    }
  })
