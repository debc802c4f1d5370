export interface Worker {
  readonly workerId: string
  /**
   * Joins the command group. Resolves when it takes commands.
   * @throws RunnerError BROKER_UNAVAILABLE, TOPIC_MISMATCH
   */
  start(): Promise<void>
  /** Takes no new commands, lets runs go on for `drainTimeoutMs`, ends the rest. Idempotent. */
  stop(options?: { drainTimeoutMs?: number }): Promise<void>
}
