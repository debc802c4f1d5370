import type { BaseEvent } from '@ag-ui/client'

/** An event of a thread, and where a reader stands that has it. */
export interface ReadEvent {
  event: BaseEvent
  /** To go on from: `after` of `connect` and `read`, `Last-Event-ID` over HTTP. */
  cursor: string
}

/** An event of a run for its caller; without a cursor where it is no event of the thread's log. */
export type RunEvent = Omit<ReadEvent, 'cursor'> & Partial<ReadEvent>
