/** How one attempt went. */
export type Outcome =
  | { what: 'taken' }
  /** The receiver is gone for good. */
  | { what: 'gone' }
  | {
      what: 'failed'
      /** For logs and dead letters: neither the address nor what was answered, which may hold secrets. */
      reason: string
      /** Whether another attempt may help. */
      again: boolean
      /** What the receiver asked for, in milliseconds. */
      afterMs?: number
    }

const AGAIN = [408, 429]
const GONE = 410

/** Posts once. Never rejects. */
export const attempt = async (
  url: string,
  body: string,
  headers: Record<string, string>,
  timeoutMs: number,
): Promise<Outcome> => {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    // A redirect would take the fact to an address that nobody has configured.
    const response = await fetch(url, { method: 'POST', body, headers, redirect: 'manual', signal })
    await response.body?.cancel()
    return outcomeOf(response)
  } catch (error) {
    const reason = signal.aborted ? `no answer within ${timeoutMs} ms` : networkProblem(error)
    return { what: 'failed', reason, again: true }
  }
}

const outcomeOf = ({ ok, status, headers }: Response): Outcome => {
  if (ok) return { what: 'taken' }
  if (status === GONE) return { what: 'gone' }
  const again = AGAIN.includes(status) || status >= 500
  const afterMs = retryAfterMs(headers.get('retry-after'), Date.now())
  return { what: 'failed', reason: `HTTP ${status}`, again, ...(afterMs !== undefined && { afterMs }) }
}

/** Retry-After is a number of seconds or a date. */
export const retryAfterMs = (header: string | null, now: number): number | undefined => {
  if (header === null) return undefined
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** The code alone: messages of fetch may hold the address. */
const networkProblem = (error: unknown): string => {
  const { cause, name } = error as { cause?: { code?: string }; name?: string }
  return `it could not be reached (${cause?.code ?? name ?? 'unknown'})`
}
