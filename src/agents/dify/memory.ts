import { z } from 'zod'
import type { ThreadMemory } from '../memory.ts'
import { formSchema } from './forms.ts'

const memorySchema = z.object({
  conversation_id: z.string().optional(),
  /** What the thread's runs said of the variables. */
  variables: z.record(z.string(), z.unknown()).optional(),
  /** Open forms, by interrupt. */
  forms: z.record(z.string(), formSchema).optional(),
})

export type Memory = z.output<typeof memorySchema>

/** What the agent keeps of a thread, written through. */
export class DifyMemory {
  readonly #memory: ThreadMemory
  #value: Memory

  constructor(memory: ThreadMemory) {
    this.#memory = memory
    // What does not parse is another version's, or another agent's that had this id: begun anew.
    this.#value = memorySchema.safeParse(memory.value).data ?? {}
  }

  get value(): Memory {
    return this.#value
  }

  /** @throws RunnerError MEMORY_TOO_LARGE */
  change(part: Memory): void {
    const value = JSON.parse(JSON.stringify({ ...this.#value, ...part })) as Memory
    if (JSON.stringify(value) === JSON.stringify(this.#value)) return
    this.#value = value
    this.#memory.set(value)
  }
}
