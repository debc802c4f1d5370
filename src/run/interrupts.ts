import type { AbstractAgent } from '@ag-ui/client'
import type { AnyEvent } from './event.ts'

export type Interrupt = AbstractAgent['pendingInterrupts'][number]

/**
 * What a thread waits for after an event, as AG-UI's client has it: a run that finishes says anew what is
 * open, one that fails leaves it as it was.
 */
export const interruptsAfter = (event: AnyEvent, before: readonly Interrupt[]): readonly Interrupt[] => {
  if (event.type !== 'RUN_FINISHED') return before
  const outcome = event.outcome as { type?: unknown; interrupts?: unknown } | null | undefined
  return outcome?.type === 'interrupt' && Array.isArray(outcome.interrupts) ? outcome.interrupts : []
}
