import type { ErrorRequestHandler } from 'express'
import { type ErrorCode, messageOf, RunnerError } from '../errors.ts'
import type { Logger } from '../logger.ts'

/** Codes that only an HTTP answer has; docs/http.md lists them. The others are those of docs/errors.md. */
export type HttpErrorCode =
  | ErrorCode
  | 'BODY_NOT_JSON'
  | 'BODY_TOO_LARGE'
  | 'NOT_FOUND'
  | 'THREAD_UNKNOWN'
  | 'NO_WORKER'
  | 'ORIGIN_NOT_ALLOWED'
  | 'STARTING'
  | 'INTERNAL'

/** An answer that is not the one that was asked for: `{ error, message }`. */
export class HttpError extends Error {
  readonly status: number
  readonly code: HttpErrorCode

  constructor(status: number, code: HttpErrorCode, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Where a code calls for another status than 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  INPUT_INVALID: 400,
  UNKNOWN_AGENT: 404,
  THREAD_BUSY: 409,
  THREAD_DELETED: 410,
  INPUT_TOO_LARGE: 413,
  TOO_MANY_RUNS: 429,
  BROKER_UNAVAILABLE: 503,
  READ_FAILED: 503,
  APPEND_FAILED: 503,
  RUNNER_CLOSED: 503,
  VIEW_UNAVAILABLE: 503,
  COMMAND_UNANSWERED: 504,
}

/** What body-parser and the router throw. */
interface Thrown {
  type?: string
  status?: number
  limit?: number
}

const asHttpError = (error: unknown): HttpError => {
  if (error instanceof HttpError) return error
  if (error instanceof RunnerError) return new HttpError(STATUS[error.code] ?? 500, error.code, error.message)
  const { type, status = 500, limit } = (error ?? {}) as Thrown
  if (type === 'entity.too.large') {
    return new HttpError(
      413,
      'BODY_TOO_LARGE',
      `The body is larger than ${limit} bytes, the most that is read.`,
    )
  }
  if (type === 'entity.parse.failed') {
    return new HttpError(400, 'BODY_NOT_JSON', `The body is not JSON: ${messageOf(error)}.`)
  }
  if (status >= 400 && status < 500) return new HttpError(status, 'INPUT_INVALID', `${messageOf(error)}.`)
  return new HttpError(500, 'INTERNAL', 'The request failed for a reason that is in the log of this server.')
}

/** Answers any error as JSON; what nobody foresaw goes to the log and not to the caller. */
export const errorHandler =
  (logger: Logger): ErrorRequestHandler =>
  (error, request, response, _next) => {
    const answer = asHttpError(error)
    if (answer.code === 'INTERNAL') {
      logger.error('A request failed', { path: request.path, error: messageOf(error), stack: error?.stack })
    }
    if (response.headersSent) {
      response.destroy()
      return
    }
    response.status(answer.status).json({ error: answer.code, message: answer.message })
  }
