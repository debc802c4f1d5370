import { AgentError } from '../agent-error.ts'
import type { CheckResult } from '../check-result.ts'
import { fixFor, type Subject, subjectOf } from './advice.ts'
import { baseOf, clientOf, completionPath } from './client.ts'
import type { BailianSettings } from './settings.ts'

const PROBLEM: Record<Exclude<Subject, 'host'>, (settings: BailianSettings) => string> = {
  key: () => 'Bailian does not accept the API key',
  app: ({ app_id }) =>
    `Bailian has no application ${JSON.stringify(app_id)} for this API key, or it is not published`,
  model: () => 'The model of the application cannot be used',
  workspace: ({ workspace }) =>
    workspace === undefined
      ? 'The API key may not use the workspace of the application'
      : `The API key may not use the workspace ${JSON.stringify(workspace)}, or there is none of that name`,
  account: () => 'The account may not use the service now',
  load: () => 'Bailian has too many requests to answer this one',
  platform: () => 'Bailian has a fault of its own',
}

/** A body without `input` is refused with one of these, which comes after the key and the application were accepted. */
const REFUSED_FOR_THE_BODY = /^(BadRequest|InvalidParameter)/

/**
 * Sends a completion without any input. It cannot run, so it costs no tokens; what it is refused for tells whether
 * host, key and application are right. In that order: the first that is wrong hides the others.
 */
export const check = async (settings: BailianSettings, signal: AbortSignal): Promise<CheckResult> => {
  try {
    await clientOf(settings).json(completionPath(settings), { body: {}, signal })
    return { ok: true, detail: `${baseOf(settings)} answered for application ${settings.app_id}` }
  } catch (error) {
    if (signal.aborted)
      return {
        ok: false,
        problem: `${baseOf(settings)} did not answer in time.`,
        fix: 'Look at the network and api_base.',
      }
    if (error instanceof AgentError) return verdict(error, settings)
    throw error
  }
}

const verdict = ({ code, message }: AgentError, settings: BailianSettings): CheckResult => {
  if (REFUSED_FOR_THE_BODY.test(code))
    return {
      ok: true,
      detail:
        `${baseOf(settings)} accepted the key and application ${settings.app_id}: it refused only the empty request ` +
        `(${code}), which costs nothing. Whether the application itself works shows only in a run, which costs tokens`,
    }
  // What Bailian did not answer, or not as Bailian does; there is no other URL that could be invalid.
  const subject = /^(PLATFORM_|InvalidURL)/.test(code) ? 'host' : subjectOf(code)
  const told = message.replaceAll(settings.api_key, '…')
  if (subject === undefined)
    return { ok: false, problem: `Bailian refused with ${code}.`, fix: `It said: ${told}` }
  const problem =
    subject === 'host'
      ? `${baseOf(settings)} is not where Bailian's API is: ${told}`
      : `${PROBLEM[subject](settings)} (${code}).`
  return { ok: false, problem, fix: fixFor(subject) }
}
