import { randomUUID } from 'node:crypto'
import type { RunAgentInput } from '@ag-ui/client'
import { z } from 'zod'
import type { Interrupt } from '../../run/interrupts.ts'
import { AgentError } from '../agent-error.ts'
import type { ThreadMemory } from '../memory.ts'
import type { ModelCall } from '../providers/answer.ts'

/** More is looked up in the thread's messages; a thread's memory is small. */
const ARGUMENTS_CHARACTERS_MAX = 8_000
const APPROVALS_CHARACTERS_MAX = 40_000
const SHOWN_CHARACTERS_MAX = 500

const pendingCall = z.object({
  tool_call_id: z.string(),
  name: z.string(),
  /** Where the tool came from: no other one of that name may take its place. */
  origin: z.string().optional(),
  args: z.string().optional(),
  /** It was approved and begun. Whoever finds it so cannot know whether it took effect. */
  begun: z.boolean().optional(),
})

const memorySchema = z.object({ approvals: z.record(z.string(), pendingCall) })

type PendingCall = z.infer<typeof pendingCall>

const payloadSchema = z.object({
  approved: z.boolean(),
  args: z.record(z.string(), z.unknown()).optional(),
  reason: z.string().optional(),
})

const RESPONSE_SCHEMA = {
  type: 'object',
  properties: {
    approved: { type: 'boolean', description: 'Whether the tool may be called' },
    args: { type: 'object', description: 'Other arguments than those that were asked for' },
    reason: { type: 'string', description: 'Why not; the model reads it' },
  },
  required: ['approved'],
}

/** A call that a person has answered for. */
export interface AnsweredCall {
  interruptId: string
  call: ModelCall & { origin?: string }
  verdict:
    | { is: 'approved' /** What they changed the arguments to. */; changed: boolean }
    | { is: 'refused'; reason?: string }
    /** Its worker was lost while it was carried out. */
    | { is: 'unknown' }
}

/** The calls of a thread that wait for a person, kept in its memory: the next run may be on another worker. */
export class Approvals {
  readonly #memory: ThreadMemory

  constructor(memory: ThreadMemory) {
    this.#memory = memory
  }

  /** What a run ends with. */
  ask(calls: readonly (ModelCall & { origin?: string })[]): Interrupt[] {
    const asked = calls.map((call) => ({ id: randomUUID(), call }))
    let room = APPROVALS_CHARACTERS_MAX
    const pending = asked.map(({ id, call: { id: toolCallId, name, origin, args } }) => {
      const fits = args.length <= Math.min(ARGUMENTS_CHARACTERS_MAX, room)
      if (fits) room -= args.length
      const entry: PendingCall = {
        tool_call_id: toolCallId,
        name,
        ...(origin !== undefined && { origin }),
        ...(fits && { args }),
      }
      return [id, entry] as const
    })
    this.#set(Object.fromEntries(pending))
    return asked.map(({ id, call: { id: toolCallId, name, args } }) => ({
      id,
      reason: 'tool_approval',
      toolCallId,
      message: `May ${name} be called with ${shown(args)}?`,
      responseSchema: RESPONSE_SCHEMA,
      metadata: { toolName: name },
    }))
  }

  /**
   * The calls that the run's input answers for, in their order. Without an answer, whoever goes on has let them be.
   * @throws AgentError INPUT_INVALID, and nothing has changed
   */
  answered({ resume, messages }: RunAgentInput): AnsweredCall[] {
    const pending = this.#pending
    const entries = resume ?? []
    if (entries.length === 0) {
      if (Object.keys(pending).length > 0) this.#set({})
      return []
    }
    const unknown = entries.find(({ interruptId }) => !Object.hasOwn(pending, interruptId))
    if (unknown !== undefined)
      throw new AgentError(
        'INPUT_INVALID',
        `No tool call waits for an answer to "${unknown.interruptId}" on this thread: it was answered already, or the thread went on without it.`,
      )
    return Object.entries(pending).flatMap(([interruptId, call]) => {
      const entry = entries.find((each) => each.interruptId === interruptId)
      return entry === undefined ? [] : [answeredCall(call, entry, messages)]
    })
  }

  /** Written before the call: one that was begun is never begun again. */
  begin(interruptId: string): void {
    const pending = this.#pending
    const call = pending[interruptId]
    if (call !== undefined) this.#set({ ...pending, [interruptId]: { ...call, begun: true } })
  }

  clear(): void {
    this.#set({})
  }

  get #pending(): Record<string, PendingCall> {
    const parsed = memorySchema.safeParse(this.#memory.value)
    return parsed.success ? parsed.data.approvals : {}
  }

  #set(approvals: Record<string, PendingCall>): void {
    this.#memory.set({ approvals })
  }
}

type Resume = NonNullable<RunAgentInput['resume']>[number]

const answeredCall = (
  { tool_call_id: id, name, origin, args, begun }: PendingCall,
  { interruptId, status, payload }: Resume,
  messages: RunAgentInput['messages'],
): AnsweredCall => {
  const asked = args ?? argumentsIn(messages, id)
  const call = { id, name, ...(origin !== undefined && { origin }), args: asked ?? '{}' }
  if (begun) return { interruptId, call, verdict: { is: 'unknown' } }
  if (status === 'cancelled') return { interruptId, call, verdict: { is: 'refused' } }
  const parsed = payloadSchema.safeParse(payload)
  if (!parsed.success)
    throw new AgentError(
      'INPUT_INVALID',
      `The answer to "${interruptId}" has no payload { approved: true | false, args?, reason? }: ${z.prettifyError(parsed.error)}`,
    )
  const { approved, args: changed, reason } = parsed.data
  if (!approved)
    return { interruptId, call, verdict: { is: 'refused', ...(reason !== undefined && { reason }) } }
  if (changed !== undefined)
    return {
      interruptId,
      call: { ...call, args: JSON.stringify(changed) },
      verdict: { is: 'approved', changed: true },
    }
  if (asked === undefined)
    throw new AgentError(
      'INPUT_INVALID',
      `The arguments of tool call "${id}" are not in the run's messages. Send the thread's messages, or the arguments with the answer.`,
    )
  return { interruptId, call, verdict: { is: 'approved', changed: false } }
}

const argumentsIn = (messages: RunAgentInput['messages'], toolCallId: string): string | undefined => {
  for (const message of messages) {
    const call = message.role === 'assistant' && message.toolCalls?.find(({ id }) => id === toolCallId)
    if (call) return call.function.arguments
  }
  return undefined
}

const shown = (args: string): string =>
  args.length <= SHOWN_CHARACTERS_MAX ? args : `${args.slice(0, SHOWN_CHARACTERS_MAX)}…`
