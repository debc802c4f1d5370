import type { ErrorCode } from '../errors.ts'

/**
 * Ends a run with RUN_ERROR. `code` is the platform's own where it gave one, else one of docs/errors.md.
 */
export class AgentError extends Error {
  override readonly name = 'AgentError'
  readonly code: string
  /** Of the HTTP answer, where it was one that refused. */
  readonly status: number | undefined

  constructor(
    code: ErrorCode | (string & {}),
    message: string,
    { status, ...options }: { cause?: unknown; status?: number } = {},
  ) {
    super(message, options)
    this.code = code
    this.status = status
  }
}
