import type { BaseEvent } from '@ag-ui/client'

/** What a run's agent does between RUN_STARTED and RUN_FINISHED. */
export type Script = (emit: (event: BaseEvent) => void) => Promise<void>

/** A reader of a thread in this process. */
export interface Reading {
  /** Resolves when the stream completes: the thread has no run any more. */
  done: Promise<void>
  stop(): void
}

/** A process's access to the threads: what an API process has of an agent runner. */
export interface Client {
  /** Makes what has to be there before a run of each thread, where runs do not make it themselves. */
  prepare?(threadIds: string[]): Promise<void>
  /**
   * Runs an agent in this process and gives its caller the events, each once it is as durable as the
   * contestant makes it. Resolves when the caller has seen RUN_FINISHED.
   */
  run(threadId: string, script: Script, onEvent: (event: BaseEvent) => void): Promise<void>
  /** The thread from its beginning: replay, then the run that goes on, live. Undefined members cannot do it. */
  connect?(threadId: string, onEvent: (event: BaseEvent) => void): Reading
  /** Serves the threads over HTTP; the address of the server. */
  serve?(): Promise<string>
  close(): Promise<void>
}

/** A server that a contestant needs, in processes of its own. */
export interface Server {
  /** What its clients are given. */
  address: string
  /** Of its processes, for their memory. */
  pids(): number[]
  stop(): Promise<void>
}

/** Something that is measured. */
export interface Contestant {
  /** As the tables call it. */
  label: string
  /** Package and version of each part, as measured. */
  versions: Record<string, string>
  /** What an acknowledged event survives, in a few words. */
  durability: string
  /** Why it cannot take part on this machine, with what to do about it. */
  unavailable?: string
  /** Whether another process can read its threads. */
  shared: boolean
  /** File of the module that has `openClient(address): Promise<Client>`, loaded in each measuring process. */
  client: URL
  /** Which server it needs; contestants of the same name share one. */
  server?: { name: string; start(): Promise<Server> }
}
