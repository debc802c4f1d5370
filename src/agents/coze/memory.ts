import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { ThreadMemory } from '../memory.ts'
import type { CozeSettings } from './settings.ts'

/** What a chat waits for: each call is an interrupt of the run that it ended. */
const pendingSchema = z.object({
  conversation_id: z.string(),
  chat_id: z.string(),
  calls: z.array(
    z.object({
      interrupt: z.string(),
      /** A question of a workflow has none: its answer is the next message. */
      tool_call_id: z.string().optional(),
      /** The run's own id of the call. */
      tool_call: z.string().optional(),
    }),
  ),
})

const schema = z.object({
  conversation_id: z.string().optional(),
  /** Whose conversation it is: another bot, or another site, has never heard of it. */
  bot_id: z.string().optional(),
  api_base: z.string().optional(),
  /** The chat that was begun last and was not seen to end. */
  chat_id: z.string().optional(),
  pending: pendingSchema.optional(),
  variables: z.record(z.string(), z.unknown()).optional(),
})

export type Pending = z.infer<typeof pendingSchema>
type Kept = z.infer<typeof schema>

/** What is kept of a thread. */
export class CozeMemory {
  readonly #memory: ThreadMemory
  readonly #owner: Pick<CozeSettings, 'bot_id' | 'api_base'>
  #kept: Kept

  constructor(memory: ThreadMemory, { bot_id, api_base }: CozeSettings) {
    this.#memory = memory
    this.#owner = { bot_id, api_base }
    const { data: kept = {} } = schema.safeParse(memory.value ?? {})
    const own = kept.bot_id === bot_id && kept.api_base === api_base
    this.#kept = own ? kept : { variables: kept.variables }
  }

  get kept(): Readonly<Kept> {
    return this.#kept
  }

  /** Writes only what is new: each value is a record in the thread's log. */
  update(changes: Partial<Omit<Kept, 'bot_id' | 'api_base'>>): void {
    const changed = { ...this.#kept, ...this.#owner, ...changes }
    const kept: Kept = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined))
    if (isDeepStrictEqual(kept, this.#kept)) return
    this.#kept = kept
    this.#memory.set(kept)
  }
}
