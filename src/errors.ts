/**
 * The error catalogue. Every code has a row in docs/errors.md (a test compares the two), and each says
 * whether trying again can help: to retry is a property of the error, never a guess of the caller.
 */
export const ERRORS = {
  // The embedded broker.
  JAVA_MISSING: { retriable: false },
  MAVEN_MISSING: { retriable: false },
  KAFKA_DOWNLOAD_FAILED: { retriable: true },
  PORT_TAKEN: { retriable: false },
  DATA_DIR_IN_USE: { retriable: false },
  DATA_DIR_DAMAGED: { retriable: false },
  BROKER_START_FAILED: { retriable: true },
  // Configuration and topics.
  CONFIG_INVALID: { retriable: false },
  TOPIC_MISMATCH: { retriable: false },
  AGENTS_MODULE_INVALID: { retriable: false },
  // The schema registry.
  REGISTRY_UNAVAILABLE: { retriable: true },
  SCHEMA_UNREGISTERED: { retriable: false },
  SCHEMA_INCOMPATIBLE: { retriable: false },
  // Analytics.
  PACKAGE_MISSING: { retriable: false },
  ANALYTICS_WRITE_FAILED: { retriable: true },
  QUERY_INVALID: { retriable: false },
  // The brokers.
  BROKER_UNAVAILABLE: { retriable: true },
  APPEND_FAILED: { retriable: true },
  READ_FAILED: { retriable: true },
  // Commands and runs.
  THREAD_BUSY: { retriable: true },
  QUEUE_FULL: { retriable: true },
  COMMAND_EXPIRED: { retriable: true },
  RUN_STOPPED: { retriable: false },
  RUN_TIMEOUT: { retriable: false },
  UNKNOWN_AGENT: { retriable: false },
  INPUT_INVALID: { retriable: false },
  INPUT_TOO_LARGE: { retriable: false },
  EVENT_TOO_LARGE: { retriable: false },
  COMMAND_UNDECODABLE: { retriable: false },
  COMMAND_UNANSWERED: { retriable: true },
  TRIGGER_FAILED: { retriable: false },
  TOO_MANY_RUNS: { retriable: true },
  INCOMPLETE_STREAM: { retriable: false },
  WORKER_LOST: { retriable: true },
  WORKER_SHUTDOWN: { retriable: true },
  RUNNER_CLOSED: { retriable: false },
  // Agents and the platforms behind them.
  MEMORY_TOO_LARGE: { retriable: false },
  AGENT_FAILED: { retriable: false },
  PLATFORM_UNREACHABLE: { retriable: true },
  PLATFORM_TIMEOUT: { retriable: true },
  PLATFORM_REFUSED: { retriable: false },
  PLATFORM_ANSWER_INVALID: { retriable: false },
  // Consumers of the runs topic.
  FACT_UNDECODABLE: { retriable: false },
  FACT_UNHANDLED: { retriable: true },
  RUN_TOO_LARGE: { retriable: false },
  WEBHOOK_FAILED: { retriable: true },
  // Reading a thread.
  THREAD_DELETED: { retriable: false },
  LOG_DAMAGED: { retriable: false },
  CURSOR_UNKNOWN: { retriable: false },
  READER_TOO_SLOW: { retriable: true },
  // The list of threads.
  VIEW_MISMATCH: { retriable: false },
  VIEW_UNAVAILABLE: { retriable: true },
} as const satisfies Record<string, { retriable: boolean }>

export type ErrorCode = keyof typeof ERRORS

/** An error of this library. `message` names the subject and the fix; `code` is one of docs/errors.md. */
export class RunnerError extends Error {
  override readonly name = 'RunnerError'
  readonly code: ErrorCode
  readonly retriable: boolean

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.code = code
    this.retriable = ERRORS[code].retriable
  }
}

/** The text of anything that was thrown. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)
