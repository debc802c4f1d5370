import type { Logger } from '../../logger.ts'
import type { CheckResult } from '../check-result.ts'
import { redact } from '../redact.ts'
import { chatModel, type ModelChoice } from './chat-model.ts'
import { complete } from './completion.ts'
import { errorIn, modelFailure, reasonOf } from './model-failure.ts'
import { type ProviderSettings, placeOf, secretsOf } from './settings.ts'

const CHECK_MS_MAX = 20_000
const BODY_CHARACTERS_MAX = 5_000_000
const LISTED_MAX = 10

type Fault = Extract<CheckResult, { ok: false }>

/**
 * Looks whether a provider's host, key and model are right. OpenAI-compatible: GET {base_url}/models, which costs no
 * tokens; a server that lists its models to anyone leaves the key unproved. A server without that call, and a
 * provider from a package, is asked for one token.
 */
export const checkProvider = async (choice: ModelChoice, signal: AbortSignal): Promise<CheckResult> => {
  const { provider } = choice
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(CHECK_MS_MAX)])
  const look = provider.type === 'openai-compatible' ? checkModels : checkToken
  const result = await look(choice, bounded)
  if (result.ok) return result
  // Servers repeat keys in what they say of them.
  return { ...result, problem: redact(result.problem, secretsOf(provider)) }
}

const checkModels = async (choice: ModelChoice, signal: AbortSignal): Promise<CheckResult> => {
  const { provider, modelId } = choice
  const place = placeOf(provider)
  let response: Response
  let body: string
  try {
    response = await fetch(`${place.replace(/\/$/, '')}/models`, { headers: headersOf(provider), signal })
    body = (await response.text()).slice(0, BODY_CHARACTERS_MAX)
  } catch (error) {
    return unreached(place, error, signal)
  }
  if (response.status === 404 || response.status === 405 || response.status === 501)
    return await checkToken(choice, signal)
  if (!response.ok) return refused(place, response.status, body)
  const ids = idsIn(body)
  if (ids === undefined)
    return {
      ok: false,
      problem: `${place}/models answers with what is no list of models`,
      fix: 'Correct base_url: it is where /chat/completions begins, mostly with /v1 at its end.',
    }
  if (ids.some((id) => id === modelId || id === `${modelId}:latest`))
    return { ok: true, detail: `${place} answers and has the model ${modelId}` }
  const some = ids.slice(0, LISTED_MAX).join(', ')
  return {
    ok: false,
    problem: `${place} answers, but has no model ${modelId}`,
    fix: `Set model to one that it has: ${some}${ids.length > LISTED_MAX ? ', …' : ''}`,
  }
}

/** By a completion of one token: for servers without a list of models. */
const checkToken = async (choice: ModelChoice, signal: AbortSignal): Promise<CheckResult> => {
  const place = placeOf(choice.provider)
  try {
    const model = await chatModel(choice, { provider_options: {} }, SILENT)
    await complete(model, {
      system: '',
      messages: [{ role: 'user', content: 'Hi' }],
      tools: [],
      settings: { max_tokens: 1, provider_options: {} },
      timeoutMs: CHECK_MS_MAX,
      signal,
      onPart: () => {},
      onUsage: () => {},
    })
    return {
      ok: true,
      detail: `${place} answers with the model ${choice.modelId}; it was asked for one token`,
    }
  } catch (error) {
    const failure = modelFailure(`provider at ${place}`, error)
    return { ok: false, problem: failure.message, fix: fixFor(failure.code) }
  }
}

const fixFor = (code: string): string => {
  if (code === 'PACKAGE_MISSING' || code === 'CONFIG_INVALID') return 'Do what the message says.'
  if (code === 'PLATFORM_UNREACHABLE' || code === 'PLATFORM_TIMEOUT')
    return 'Correct base_url, or start the server behind it.'
  return 'Correct base_url, api_key or model: the message says which of them is refused.'
}

const unreached = (place: string, error: unknown, signal: AbortSignal): Fault => {
  return {
    ok: false,
    problem: `${place} cannot be reached: ${signal.aborted ? 'no answer in time' : reasonOf(error)}`,
    fix: 'Correct base_url, or start the server behind it.',
  }
}

const refused = (place: string, status: number, body: string): Fault => {
  const said = errorIn(body).message ?? body.slice(0, 200)
  const isKey = status === 401 || status === 403
  return {
    ok: false,
    problem: `${place} answered ${status}${said === '' ? '' : `: ${said}`}`,
    fix: isKey ? 'Correct api_key.' : 'Look at the server, or correct base_url.',
  }
}

const idsIn = (body: string): string[] | undefined => {
  try {
    const { data } = JSON.parse(body) as { data?: { id?: unknown }[] }
    return Array.isArray(data) ? data.flatMap(({ id }) => (typeof id === 'string' ? [id] : [])) : undefined
  } catch {
    // A page for people, mostly.
    return undefined
  }
}

const headersOf = ({ api_key, headers }: ProviderSettings): Record<string, string> => ({
  ...(api_key !== undefined && { authorization: `Bearer ${api_key}` }),
  ...headers,
})

const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {} }
