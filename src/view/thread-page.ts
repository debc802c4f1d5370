// What users get, without a type of SQLite or of a Kafka client: they need not have those.

/** A thread as the directory has it. */
export interface ThreadSummary {
  threadId: string
  /** Of the latest run. */
  agentId: string
  /** The latest run. */
  runId: string
  /** Of the latest run. */
  status: 'running' | 'finished' | 'failed'
  /** Runs that it has had. */
  runs: number
  /** Number of its last event; while a run goes on, of the last one before it. */
  seq: number
  /** Milliseconds since 1970: when the first run began. */
  createdAt: number
  /** When the latest one began or ended. */
  updatedAt: number
  /** Whether the view holds all of its ended runs: not those that the runs topic had dropped before the view was made. */
  whole: boolean
}

/** How far the view has come. */
export interface ViewStatus {
  /** Whether it shows everything that it knows to be there; false from the start until then. */
  caughtUp: boolean
  /** Records that it knows of and does not show yet. */
  lag: number
  /** When it last changed, in milliseconds since 1970; undefined where nothing came since the start. */
  updatedAt?: number
  /** Records that could not be read, since the start. */
  skipped: number
  /** Why it does not go on at the moment: a code of docs/errors.md, and its message. */
  error?: { code: string; message: string }
}

export interface ThreadPage {
  threads: ThreadSummary[]
  /** For the next page; null on the last. */
  nextCursor: string | null
  /** How far the view had come when it gave this. */
  view: ViewStatus
}
