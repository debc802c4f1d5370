import type { BaseEvent } from '@ag-ui/client'

/** A run request as its caller made it, and what the caller saw. */
export interface Call {
  threadId: string
  runId: string
  caller: string
  at: number
  events: BaseEvent[]
  /** How its stream ended, which is to be once; `gone` when its process died before. */
  ends: ('complete' | 'error' | 'gone')[]
}

/** A connect() and what it saw. */
export interface Reading {
  threadId: string
  reader: string
  at: number
  events: BaseEvent[]
  /** Of its last event. */
  cursor?: string
  /** `left`: unsubscribed, or its process died. */
  end?: 'complete' | 'error' | 'left'
  error?: unknown
}

/** An agent at work on a run. */
export interface Execution {
  mark: string
  runId: string
  threadId: string
  agentId: string
  worker: string
  at: number
  /** What the agent remembered of the thread at the start. */
  remembered?: string
}

export interface StopCall {
  threadId: string
  runId: string
  at: number
  result?: boolean
}

/** An event as it became visible to a reader that nothing holds up. */
export interface Shown {
  event: BaseEvent
  at: number
}

/** What is known beside the log: what callers saw and what agents did. */
export interface Witness {
  calls: Call[]
  readings: Reading[]
  executions: Execution[]
  stops: StopCall[]
  /** By thread. */
  shown: Map<string, Shown[]>
  /** What happened, line by line, with its simulated time. */
  trace: string[]
  note(line: string): void
  show(threadId: string, event: BaseEvent): void
}

export const createWitness = (now: () => number, keepTrace: boolean): Witness => {
  const trace: string[] = []
  const shown = new Map<string, Shown[]>()
  return {
    calls: [],
    readings: [],
    executions: [],
    stops: [],
    shown,
    trace,
    show: (threadId, event) => {
      shown.set(threadId, [...(shown.get(threadId) ?? []), { event, at: now() }])
    },
    note: (line) => {
      if (keepTrace) trace.push(`${now().toFixed(1).padStart(9)}  ${line}`)
    },
  }
}
