import { messageOf } from '../../errors.ts'
import { AgentError } from '../agent-error.ts'
import type { CheckResult } from '../check-result.ts'
import { secretsInHeaders } from '../header-secrets.ts'
import { redact } from '../redact.ts'
import { DeerflowApi } from './api.ts'
import { type DeerflowSettings, requestHeaders } from './settings.ts'

/**
 * Asks for the assistant (GET /api/langgraph/assistants/{id}), makes a search among them (POST …/search, since
 * DeerFlow wants more of a POST than of a GET), and asks for the model where one is named. Costs no tokens and changes
 * nothing.
 */
export const check = async (settings: DeerflowSettings, signal: AbortSignal): Promise<CheckResult> => {
  const api = new DeerflowApi(settings)
  const { assistant_id, model_name, api_base } = settings
  try {
    const assistant = await api.assistant(assistant_id, signal)
    if (assistant?.assistant_id !== assistant_id) return notDeerflow(settings, 'no assistant')
    await api.searchAssistants(signal)
  } catch (error) {
    return problemOf(error, settings)
  }
  try {
    if (model_name !== undefined) await api.model(model_name, signal)
  } catch (error) {
    if (!(error instanceof AgentError) || error.status !== 404) return problemOf(error, settings)
    return {
      ok: false,
      problem: `DeerFlow has no model "${model_name}".`,
      fix: 'Put one of the names under `models` in DeerFlow’s config.yaml in `model_name`, or leave it out.',
    }
  }
  const model = model_name === undefined ? '' : `, and the model "${model_name}"`
  return { ok: true, detail: `DeerFlow at ${api_base} has the assistant "${assistant_id}"${model}.` }
}

const problemOf = (error: unknown, settings: DeerflowSettings): CheckResult => {
  const { api_base, assistant_id } = settings
  const said = redact(messageOf(error), secretsInHeaders(requestHeaders(settings)))
  const { code, status } = error instanceof AgentError ? error : {}
  if (status === 401 || status === 403)
    return {
      ok: false,
      problem: `DeerFlow at ${api_base} does not take the credentials (${status}): ${said}`,
      fix:
        status === 403 && said.includes('CSRF')
          ? 'Put the token of the cookie csrf_token in `headers` as X-CSRF-Token too.'
          : 'Check `api_key` or `auth_header`; DeerFlow’s own login is a session cookie, which goes in `headers`.',
    }
  if (status === 404 && said.includes(assistant_id))
    return {
      ok: false,
      problem: `DeerFlow at ${api_base} has no assistant "${assistant_id}".`,
      fix: 'Put lead_agent in `assistant_id`, or the name of one of DeerFlow’s custom agents.',
    }
  if (status === 404 || code === 'PLATFORM_ANSWER_INVALID') return notDeerflow(settings, said)
  if (status !== undefined) return { ok: false, problem: said, fix: 'Look at the log of DeerFlow’s gateway.' }
  return {
    ok: false,
    problem: `DeerFlow at ${api_base} cannot be reached: ${said}`,
    fix: 'Check the host and the port in `api_base`, and that DeerFlow runs.',
  }
}

const notDeerflow = ({ api_base }: DeerflowSettings, said: string): CheckResult => ({
  ok: false,
  problem: `What answers at ${api_base} is not DeerFlow’s gateway: ${said}`,
  fix: 'Put the address of DeerFlow’s nginx in `api_base`, port 2026 by default, without a path.',
})
