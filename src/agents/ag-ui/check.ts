import { messageOf } from '../../errors.ts'
import type { CheckResult } from '../check-result.ts'
import { secretsInHeaders, secretsInQuery } from '../header-secrets.ts'
import { redact } from '../redact.ts'
import type { AgUiSettings } from './settings.ts'

/**
 * Posts an empty object, `{}`, and reads no more than the status. AG-UI has no call that does nothing: an endpoint
 * that checks its input refuses this one without running anything; one that does not may begin a run, whose
 * connection is closed at once.
 */
export const check = async (settings: AgUiSettings, signal: AbortSignal): Promise<CheckResult> => {
  const result = await look(settings, signal)
  const secrets = [...secretsInHeaders(settings.headers), ...secretsInQuery(settings.url)]
  return Object.fromEntries(
    Object.entries(result).map(([name, told]) => [
      name,
      typeof told === 'string' ? redact(told, secrets) : told,
    ]),
  ) as CheckResult
}

const look = async ({ url, headers, timeout }: AgUiSettings, signal: AbortSignal): Promise<CheckResult> => {
  const limit = AbortSignal.timeout(timeout * 1000)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: '{}',
      redirect: 'manual',
      signal: AbortSignal.any([signal, limit]),
    })
    await response.body?.cancel()
    return resultOf(response, url)
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } }
    const reason = limit.aborted ? `no answer within ${timeout} s` : (cause?.code ?? messageOf(error))
    return {
      ok: false,
      problem: `${url} cannot be reached: ${reason}.`,
      fix: 'Check the host and the port in `url`, and that the agent’s server runs.',
    }
  }
}

const resultOf = ({ status, headers }: Response, url: string): CheckResult => {
  if (status === 401 || status === 403)
    return {
      ok: false,
      problem: `${url} answered ${status}: it does not take the credentials.`,
      fix: 'Check `headers`: the endpoint wants another Authorization header, or another key.',
    }
  if (status === 404 || status === 405)
    return {
      ok: false,
      problem: `${url} answered ${status}: the host is there, the endpoint is not.`,
      fix: 'Check the path in `url`: it must be the one that takes POST with a RunAgentInput.',
    }
  if (status >= 300 && status < 400)
    return {
      ok: false,
      problem: `${url} answered ${status}, which sends the caller elsewhere: ${headers.get('location') ?? 'nowhere'}.`,
      fix: 'Put the final address in `url`; a slash at its end may be missing, or be one too many.',
    }
  if (status === 400 || status === 422)
    return { ok: true, detail: `${url} is there, and refuses an empty input with ${status}, as it should.` }
  if (status >= 400)
    return {
      ok: false,
      problem: `${url} answered ${status} to an empty input, which says nothing about the credentials.`,
      fix: 'Look at the log of the agent’s server. Some servers answer 500 where an input lacks fields.',
    }
  const type = headers.get('content-type') ?? 'nothing'
  if (type.includes('text/event-stream'))
    return { ok: true, detail: `${url} answers with a stream of events.` }
  return {
    ok: false,
    problem: `${url} answered ${status} with ${type}, where AG-UI has a stream of events.`,
    fix: 'Check the path in `url`: what answers there may be a web page, not an agent.',
  }
}
