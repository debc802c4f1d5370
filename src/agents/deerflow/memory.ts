import { z } from 'zod'
import type { ThreadMemory } from '../memory.ts'

/** What a run that ended with interrupts waits for, by interrupt id. */
const waitsFor = z.discriminatedUnion('kind', [
  /** An `interrupt()` in DeerFlow's graph. */
  z.object({ kind: z.literal('graph') }),
  /** A call of `ask_clarification`: DeerFlow's run has ended, and the answer is the next message. */
  z.object({
    kind: z.literal('clarification'),
    request_id: z.string(),
    tool_call_id: z.string(),
    options: z.array(z.object({ id: z.string(), value: z.string() })).optional(),
  }),
])

const schema = z.object({
  thread_id: z.string().optional(),
  variables: z.record(z.string(), z.unknown()).optional(),
  pending: z.record(z.string(), waitsFor).optional(),
})

type Kept = z.infer<typeof schema>
export type WaitsFor = z.infer<typeof waitsFor>
export type Pending = Readonly<Record<string, WaitsFor>>

/** What is kept of a thread. */
export class DeerflowMemory {
  readonly #memory: ThreadMemory
  #kept: Kept

  constructor(memory: ThreadMemory) {
    this.#memory = memory
    this.#kept = schema.safeParse(memory.value ?? {}).data ?? {}
  }

  get kept(): Readonly<Kept> {
    return this.#kept
  }

  update(changes: Kept): void {
    const kept = { ...this.#kept, ...changes }
    this.#kept = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined))
    this.#memory.set(this.#kept)
  }
}
