import {
  APICallError,
  EmptyResponseBodyError,
  InvalidResponseDataError,
  JSONParseError,
  TypeValidationError,
} from 'ai'
import { messageOf, RunnerError } from '../../errors.ts'
import { AgentError } from '../agent-error.ts'
import { retryAfterMs } from '../retry-after.ts'

/** A model call that failed. `code` is the provider's own where it gave one. */
export class ModelFailure extends AgentError {
  /** Whether the same call may succeed later. */
  readonly again: boolean
  /** What the provider asked to wait. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: string,
    message: string,
    { again = false, retryAfterMs, cause }: { again?: boolean; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(code, message, { cause })
    this.again = again
    this.retryAfterMs = retryAfterMs
  }
}

/** What a call threw, or what came as an error in its stream, by its name. `label` says whose it is. */
export const modelFailure = (label: string, error: unknown): AgentError => {
  if (error instanceof AgentError) return error
  if (error instanceof RunnerError) return new ModelFailure(error.code, error.message, { cause: error })
  if (APICallError.isInstance(error)) return callFailure(label, error)
  if (isInvalid(error))
    return new ModelFailure(
      'PLATFORM_ANSWER_INVALID',
      `The ${label} sent what is no answer of a chat model: ${messageOf(error).slice(0, 300)}`,
      { cause: error },
    )
  if (isPlain(error)) return streamFailure(label, error)
  return new ModelFailure('AGENT_FAILED', `The ${label} could not be asked: ${messageOf(error)}`, {
    cause: error,
  })
}

const callFailure = (label: string, error: APICallError): ModelFailure => {
  const { statusCode, responseBody = '', responseHeaders = {} } = error
  // 2xx: the answer had begun.
  if (statusCode === undefined || statusCode < 300)
    return new ModelFailure(
      'PLATFORM_UNREACHABLE',
      `The ${label} cannot be reached, or broke off: ${reasonOf(error)}. Is base_url right?`,
      { again: true, cause: error },
    )
  const { code, message } = errorIn(responseBody)
  const said = message ?? responseBody.slice(0, 200)
  return new ModelFailure(
    code ?? 'PLATFORM_REFUSED',
    `The ${label} answered ${statusCode}${said === '' ? '' : `: ${said}`}${hintFor(statusCode)}`,
    {
      again: isPassing(statusCode),
      retryAfterMs: retryAfterMs(responseHeaders['retry-after']),
      cause: error,
    },
  )
}

/** An error that came as a frame of the stream: an object or a text, in the provider's own form. */
const streamFailure = (label: string, error: string | object): ModelFailure => {
  const { code, message } = errorIn(typeof error === 'string' ? error : JSON.stringify({ error }))
  const status = Number((error as { code?: unknown }).code)
  return new ModelFailure(
    code ?? 'PLATFORM_REFUSED',
    `The ${label} failed in the middle: ${message ?? (typeof error === 'string' ? error : JSON.stringify(error).slice(0, 200))}`,
    { again: isPassing(status) || /overload|rate_limit|server_error/.test(code ?? ''), cause: error },
  )
}

/** OpenAI's `{error: {code, type, message}}`, and what servers make of it. */
export const errorIn = (body: string): { code?: string; message?: string } => {
  const said = parse(body)
  if (typeof said === 'string') return { message: said }
  const error = fieldsOf((said as { error?: unknown } | undefined)?.error ?? said)
  if (error === undefined) return {}
  const { code, type, message, detail } = error
  const names = [code, type].filter((name) => typeof name === 'string' && name !== '') as string[]
  const text = [message, detail, (said as { error?: unknown }).error].find((each) => typeof each === 'string')
  return {
    // A number is the HTTP status once more; the type says more.
    ...(names[0] !== undefined ? { code: names[0] } : typeof code === 'number' && { code: String(code) }),
    ...(text !== undefined && { message: text as string }),
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // A proxy's page, mostly.
    return undefined
  }
}

const fieldsOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)
    : typeof value === 'string'
      ? { message: value }
      : undefined

const isPlain = (error: unknown): error is string | object =>
  typeof error === 'string' || (typeof error === 'object' && error !== null && !(error instanceof Error))

const isInvalid = (error: unknown): boolean =>
  [JSONParseError, TypeValidationError, InvalidResponseDataError, EmptyResponseBodyError].some((kind) =>
    kind.isInstance(error),
  )

const isPassing = (status: number): boolean => [408, 409, 425, 429].includes(status) || status >= 500

export const hintFor = (status: number): string => {
  if (status === 401 || status === 403) return ' Check api_key.'
  if (status === 404) return ' Check base_url and model.'
  if (status === 429) return ' Too many requests: try again later.'
  return ''
}

/** The innermost: undici says "fetch failed" and puts what happened into the cause. */
export const reasonOf = (error: unknown): string => {
  let current = error
  for (let depth = 0; depth < 5; depth += 1) {
    const { code, cause, errors } = current as { code?: string; cause?: unknown; errors?: unknown[] }
    if (typeof code === 'string') return code
    const next = cause ?? errors?.[0]
    if (next === undefined) break
    current = next
  }
  return messageOf(current)
}
