import { AgentError } from '../agent-error.ts'
import type { Frame } from '../platform-client.ts'
import type { AgentEnd } from '../streaming-agent.ts'
import { inputOf, lastUserMessage } from '../user-input.ts'
import { filesOf } from './files.ts'
import { bodyOf, isChat, pathOf, type Question } from './requests.ts'
import type { DifySession } from './session.ts'

/** Asks the app what the person said last. */
export const ask = async (session: DifySession): Promise<AgentEnd> => {
  const { client, run, settings, memory, user } = session
  const message = lastUserMessage(run.input)
  if (message === undefined && isChat(settings.api_type))
    throw new AgentError('INPUT_INVALID', 'The run has no message of a person, and a chat of Dify needs one.')
  const { text, attachments } = message === undefined ? { text: '', attachments: [] } : inputOf(message)
  const variables = variablesOf(session)
  const files = await filesOf(attachments, { client, user, signal: run.signal })
  const question: Question = { query: text, files, variables, user }
  const conversationId = isChat(settings.api_type) ? memory.value.conversation_id : undefined
  return session.follow(answersTo(session, question, conversationId))
}

/** The settings' variables, and what this thread's runs said of them. */
const variablesOf = ({ settings, memory, run }: DifySession): Record<string, unknown> => {
  const given = (run.input.forwardedProps as { variables?: unknown } | null | undefined)?.variables
  if (typeof given === 'object' && given !== null && !Array.isArray(given))
    memory.change({ variables: { ...memory.value.variables, ...given } })
  return { ...settings.variables, ...memory.value.variables }
}

/** A conversation that Dify does not know any more is begun anew. */
async function* answersTo(
  session: DifySession,
  question: Question,
  conversationId: string | undefined,
): AsyncGenerator<Frame> {
  const { client, run, settings } = session
  const path = pathOf(settings.api_type)
  const request = (body: object) => client.frames(path, { body, signal: run.signal })
  if (conversationId !== undefined) {
    try {
      yield* request(bodyOf(settings, { ...question, conversationId }))
      return
    } catch (error) {
      if (!isLost(error)) throw error
    }
  }
  let isTold = conversationId === undefined
  for await (const frame of request(bodyOf(settings, question))) {
    if (!isTold) session.notice('CONVERSATION_LOST', LOST)
    isTold = true
    yield frame
  }
}

const LOST =
  'Dify does not know the conversation of this thread any more, so a new one was begun. Its API takes no history: the ' +
  'app does not know what was said before.'

/** Before any frame: the request was refused. Another app's key has other conversations, too. */
const isLost = (error: unknown): boolean =>
  error instanceof AgentError &&
  error.status !== undefined &&
  (error.code === 'conversation_completed' || (error.code === 'not_found' && error.status === 404))
