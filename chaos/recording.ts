import type { BaseEvent } from '@ag-ui/client'

/** What one client asked for and exactly what it received. */
export interface Recording {
  ask: 'run' | 'connect'
  threadId: string
  /** Of a `run`. */
  runId?: string
  /** Times in milliseconds since 1970. */
  askedAt: number
  endedAt?: number
  url: string
  received: { event: BaseEvent; text: string; time: number }[]
  /** How it ended: in order, by a break of the connection, or with an answer other than a stream. */
  end?:
    | { how: 'complete' }
    | { how: 'broken'; why: string }
    | { how: 'refused'; status: number; text: string }
}

/** A stop that was asked for, and its answer. */
export interface StopRecord {
  threadId: string
  runId: string
  askedAt: number
  answeredAt?: number
  /** As the server answered; `broken` where none came. */
  stopped?: boolean | null | 'broken'
}

/** All that clients saw, of every thread. */
export class Recordings {
  readonly streams: Recording[] = []
  readonly stops: StopRecord[] = []
  /** Events received, for the progress line. */
  events = 0
}

export const typeOf = (event: BaseEvent | undefined): string => String(event?.type ?? '')

export const codeOf = (event: BaseEvent | undefined): string =>
  String((event as { code?: string } | undefined)?.code ?? '')
