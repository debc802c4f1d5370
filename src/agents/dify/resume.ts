import type { ResumeEntry } from '@ag-ui/client'
import { AgentError } from '../agent-error.ts'
import type { AgentEnd } from '../streaming-agent.ts'
import { answerIn, type Form, type FormAnswer, interruptOf } from './forms.ts'
import { Replay } from './replay.ts'
import type { DifySession } from './session.ts'

interface Answered {
  id: string
  form: Form & { form_token: string }
  answer: FormAnswer
}

/** Goes on with a paused workflow, by the answers to its forms. */
export const resume = async (session: DifySession, entries: readonly ResumeEntry[]): Promise<AgentEnd> => {
  const known = entries.map((entry) => ({ entry, form: formOf(session, entry) }))
  const resolved = known.filter(({ entry }) => entry.status === 'resolved')
  const [first] = resolved
  if (first === undefined) return cancelled(session)
  const elsewhere = resolved.filter(({ form }) => form.form_token === null)
  // All of them before the first is sent: an answer cannot be taken back.
  const answers = resolved.flatMap(({ entry, form }) =>
    hasToken(form) ? [{ id: entry.interruptId, form, answer: answerIn(entry, form) }] : [],
  )
  if (answers.length === 0 && (await isPaused(session, first.form)))
    return { interrupts: elsewhere.map(({ entry, form }) => interruptOf(entry.interruptId, form)) }
  for (const answered of answers) await submit(session, answered)
  return follow(
    session,
    first.form.workflow_run_id,
    resolved.map(({ form }) => form),
  )
}

const hasToken = (form: Form): form is Answered['form'] => form.form_token !== null

const formOf = ({ memory }: DifySession, { interruptId }: ResumeEntry): Form => {
  const forms = memory.value.forms ?? {}
  const form = Object.hasOwn(forms, interruptId) ? forms[interruptId] : undefined
  if (form !== undefined) return form
  throw new AgentError(
    'INPUT_INVALID',
    `No workflow of this thread waits for "${interruptId}". Resume what the last run ended with, or send a message.`,
  )
}

/** Dify has no call that gives a form up. */
const cancelled = (session: DifySession): AgentEnd => {
  session.memory.change({ forms: undefined })
  session.notice(
    'FORM_CANCELLED',
    'The form was not answered. At Dify the workflow stays paused until the form expires.',
  )
  return undefined
}

/** A form that is answered elsewhere may still be open. */
const isPaused = async ({ client, run }: DifySession, { workflow_run_id }: Form): Promise<boolean> => {
  const path = `/workflows/run/${encodeURIComponent(workflow_run_id)}`
  const { status } = await client.json<{ status?: string }>(path, { method: 'GET', signal: run.signal })
  return status === 'paused'
}

/** What is over already: somebody else was faster, or this run is done a second time. The workflow goes on. */
const OVER = new Set(['human_input_form_submitted', 'human_input_form_expired'])

const submit = async (session: DifySession, { form, answer }: Answered): Promise<void> => {
  const { client, run, user } = session
  const path = `/form/human_input/${encodeURIComponent(form.form_token)}`
  try {
    await client.json(path, { body: { ...answer, user }, signal: run.signal })
  } catch (error) {
    if (!(error instanceof AgentError) || !OVER.has(error.code)) throw error
    session.notice(error.code, `${form.node_title || 'The form'} did not take the answer: ${error.message}`)
  }
}

const follow = (session: DifySession, workflowRunId: string, forms: readonly Form[]): Promise<AgentEnd> => {
  const { client, run, user } = session
  // Without continue_on_pause a stream that begins with what was told before ends at the pause that is over.
  const query = new URLSearchParams({ user, continue_on_pause: 'true' })
  const path = `/workflow/${encodeURIComponent(workflowRunId)}/events?${query}`
  const replay = new Replay(forms.map(({ node_id }) => node_id))
  const answered = forms.flatMap(({ form_token }) => (form_token === null ? [] : [form_token]))
  return session.follow(
    client.frames(path, { method: 'GET', signal: run.signal }),
    { isResumed: true, answered },
    (frame) => replay.has(frame),
  )
}
