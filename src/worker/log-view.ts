import { ThreadHistory } from '../log/history.ts'
import type { LogPosition, ReadRecord } from '../log/reading.ts'
import { type Interrupt, interruptsAfter } from '../run/interrupts.ts'
import { knownMessageIds } from '../run/messages.ts'

/** What was read of one log. */
export class LogView {
  readonly history = new ThreadHistory('latest')
  readonly messageIds = new Set<string>()
  pendingInterrupts: readonly Interrupt[] = []
  position: LogPosition = { nextOffset: 0 }
  /** The commands that have or had a run in it, also after the thread was deleted. */
  readonly commands = new Set<string>()

  apply({ record, key, offset }: ReadRecord): void {
    if (offset < this.position.nextOffset) return
    this.position = { ...this.position, nextOffset: offset + 1 }
    const verdict = this.history.apply(record, key)
    if (verdict.did === 'claim') this.commands.add(verdict.run.commandId)
    if (verdict.did === 'show') {
      knownMessageIds([verdict.record.event], this.messageIds)
      this.pendingInterrupts = interruptsAfter(verdict.record.event, this.pendingInterrupts)
    }
    if (verdict.did === 'part' || verdict.did === 'record')
      knownMessageIds(verdict.record.events, this.messageIds)
  }
}
