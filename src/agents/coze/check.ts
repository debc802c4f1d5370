import { messageOf } from '../../errors.ts'
import { AgentError } from '../agent-error.ts'
import type { CheckResult } from '../check-result.ts'
import { redact } from '../redact.ts'
import { CozeApi } from './api.ts'
import { fixFor, isKeyRefused } from './codes.ts'
import { textIn } from './frame.ts'
import type { CozeSettings } from './settings.ts'

const PERMISSIONS =
  'Give the key the permissions chat and getMetadata for the workspace of the bot, and check bot_id.'

/** Reads the bot's published configuration: tells host, key and bot apart, and costs no tokens. */
export const check = async (settings: CozeSettings, signal: AbortSignal): Promise<CheckResult> => {
  const api = new CozeApi(settings)
  const { bot_id, api_base, api_key } = settings
  try {
    const bot = await api.bot(bot_id, signal)
    if (bot.bot_id === undefined) return notCoze(api_base, 'it does not describe a bot')
    const name = textIn(bot, 'name')
    return { ok: true, detail: `${api_base} takes the key, and has the bot ${name ?? bot_id} published.` }
  } catch (error) {
    const problem = redact(messageOf(error), [api_key])
    if (!(error instanceof AgentError)) return { ok: false, problem, fix: `Check that ${api_base} answers.` }
    // A run's message says what to do as well; here that has a line of its own.
    const what = problem.replace(fixFor(error.code), '').trim()
    return await explain(error.code, what, api, settings, signal)
  }
}

const explain = async (
  code: string,
  problem: string,
  api: CozeApi,
  settings: CozeSettings,
  signal: AbortSignal,
): Promise<CheckResult> => {
  const { api_base, bot_id } = settings
  switch (code) {
    case 'PLATFORM_UNREACHABLE':
    case 'PLATFORM_TIMEOUT':
      return {
        ok: false,
        problem,
        fix: 'Check api_base and the network: it is https://api.coze.cn or https://api.coze.com.',
      }
    case 'PLATFORM_REFUSED':
    case 'PLATFORM_ANSWER_INVALID':
      return notCoze(api_base, problem)
    case '4101':
    case '4200':
    case '4006': {
      // Coze says these of wrong keys too, and looks for the bot before it looks at the key.
      const key = await stateOfKey(api, signal)
      if (key === 'refused') return wrongKey(api_base, problem, code)
      const which = key === 'good' ? 'The key is good' : 'Whether the key is good cannot be told'
      if (code === '4101')
        return {
          ok: false,
          problem: `${which}: it may not read the bot ${bot_id}. ${problem}`,
          fix: PERMISSIONS,
        }
      return { ok: false, problem: `${which}: there is no bot ${bot_id}. ${problem}`, fix: fixFor('4200') }
    }
    default:
      if (isKeyRefused(code)) return wrongKey(api_base, problem)
      return { ok: false, problem, fix: fixFor(code) || 'See the message of Coze.' }
  }
}

/** By a call that needs nothing but a key. */
const stateOfKey = async (api: CozeApi, signal: AbortSignal): Promise<'good' | 'refused' | 'unknown'> =>
  await api.user(signal).then(
    () => 'good',
    (error) =>
      error instanceof AgentError && (isKeyRefused(error.code) || error.code === '4101')
        ? 'refused'
        : 'unknown',
  )

const wrongKey = (api_base: string, problem: string, code = '4100'): CheckResult => ({
  ok: false,
  problem: `${api_base} does not take the key. ${problem}`,
  fix: fixFor(code === '4101' ? '4101' : '4100'),
})

const notCoze = (api_base: string, problem: string): CheckResult => ({
  ok: false,
  problem: `What answers at ${api_base} is not Coze: ${problem}`,
  fix: 'Set api_base to https://api.coze.cn or https://api.coze.com, without a path.',
})
