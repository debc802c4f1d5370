import { messageOf } from '../../errors.ts'
import { AgentError } from '../agent-error.ts'
import type { CheckResult } from '../check-result.ts'
import { redact } from '../redact.ts'
import { difyClient } from './client.ts'
import { isChat, pathOf } from './requests.ts'
import { type ApiType, type DifySettings, API_TYPES as TYPES } from './settings.ts'

const CHECK_SECONDS_MAX = 10

/** An app's mode, as `GET /info` gives it, by the type that fits it. */
const TYPE_OF_MODE: Record<string, ApiType> = {
  chat: 'chat',
  'agent-chat': 'agent',
  agent: 'agent',
  'advanced-chat': 'chatflow',
  workflow: 'workflow',
  completion: 'completion',
}

interface Info {
  name?: unknown
  mode?: unknown
}

type FormItem = Record<string, { variable?: unknown; required?: unknown }>

/**
 * Asks Dify which app the key belongs to: `GET /info`, and of a workflow or text generator its inputs, too. Neither
 * runs the app, so it costs no tokens; whether the app's model answers is not looked at.
 */
export const check = async (settings: DifySettings, signal: AbortSignal): Promise<CheckResult> => {
  const client = difyClient({ ...settings, timeout: Math.min(settings.timeout, CHECK_SECONDS_MAX) })
  try {
    const { name, mode } = (await client.json<Info | null>('/info', { method: 'GET', signal })) ?? {}
    if (typeof name !== 'string') return notDify(settings, 'its answer names no app')
    const misfit = misfitOf(settings.api_type, name, mode)
    if (misfit !== undefined) return misfit
    const detail = `the key is that of the app "${name}"${modeDetail(settings.api_type, mode)}`
    if (isChat(settings.api_type)) return { ok: true, detail }
    const form = await client.json<{ user_input_form?: FormItem[] }>('/parameters', { method: 'GET', signal })
    return { ok: true, detail: `${detail}${inputsDetail(settings, form.user_input_form ?? [])}` }
  } catch (error) {
    return problemOf(error, settings)
  }
}

/** The types of a chat share their address, and are told apart by their frames. */
const misfitOf = (type: ApiType, name: string, mode: unknown): CheckResult | undefined => {
  const fitting = typeof mode === 'string' ? TYPE_OF_MODE[mode] : undefined
  if (fitting === undefined || pathOf(fitting) === pathOf(type)) return undefined
  return {
    ok: false,
    problem: `The key is that of the app "${name}", which is a ${fitting} and not a ${type}.`,
    fix: `Set api_type: ${fitting}, or take the key of another app.`,
  }
}

const modeDetail = (type: ApiType, mode: unknown): string => {
  if (typeof mode !== 'string') return '; this Dify does not tell what kind of app it is'
  const fitting = TYPE_OF_MODE[mode]
  if (fitting === undefined)
    return `, of the mode ${mode}, which is none that is known here (${TYPES.join(', ')})`
  return fitting === type ? ` (${mode})` : ` (${mode}: api_type ${fitting} would say so, and works the same)`
}

/** What a person writes is lost where no input takes it; a run may give the variables, so it is no mistake for sure. */
const inputsDetail = ({ query_input_key, variables }: DifySettings, form: readonly FormItem[]): string => {
  const fields = form.flatMap((item) => Object.values(item))
  const names = fields.map(({ variable }) => String(variable))
  const missing = fields
    .filter(({ variable, required }) => required === true && !Object.hasOwn(variables, String(variable)))
    .map(({ variable }) => String(variable))
    .filter((name) => name !== query_input_key)
  const lost = names.includes(query_input_key)
    ? ''
    : `; it has no input "${query_input_key}" (query_input_key) for what a person writes, but ${listed(names)}`
  return missing.length === 0 ? lost : `${lost}; each run has to give ${listed(missing)} in its variables`
}

const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'none at all' : names.map((name) => JSON.stringify(name)).join(', ')

const FIX_HOST = 'Correct the host in api_base, or start what should be there.'

const problemOf = (error: unknown, settings: DifySettings): CheckResult => {
  const said = redact(messageOf(error), [settings.api_key])
  // The signal has aborted.
  if (!(error instanceof AgentError))
    return { ok: false, problem: `No answer from ${settings.api_base} in time: ${said}`, fix: FIX_HOST }
  if (error.status === 401)
    return {
      ok: false,
      problem: said,
      fix: 'Set api_key to a key of the app, from its page "API Access" in Dify (app-…); a key of a knowledge base will not do.',
    }
  if (error.status === 403)
    return {
      ok: false,
      problem: said,
      fix: 'Switch the app’s API access on in Dify, or look at the workspace’s plan: the key is right.',
    }
  if (error.status === 404 || error.code === 'PLATFORM_ANSWER_INVALID') return notDify(settings, said)
  if (error.code === 'PLATFORM_UNREACHABLE' || error.code === 'PLATFORM_TIMEOUT')
    return { ok: false, problem: said, fix: FIX_HOST }
  if ((error.status ?? 0) >= 500)
    return { ok: false, problem: said, fix: 'Look at the logs of this Dify, or try again later.' }
  return { ok: false, problem: said, fix: 'Look at the app in Dify: it refused this with a code of its own.' }
}

const notDify = ({ api_base }: DifySettings, why: string): CheckResult => ({
  ok: false,
  problem: `Something answers at ${api_base}, but not as Dify’s Service API does: ${why}`,
  fix: 'Correct api_base: it ends in /v1, as the page "API Access" of the app in Dify has it.',
})
