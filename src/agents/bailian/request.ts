import type { Message, RunAgentInput } from '@ag-ui/client'
import { type Attachment, inputOf, lastUserMessage, textOf, type UserInput } from '../user-input.ts'
import type { Turn } from './conversation.ts'
import type { BailianSettings } from './settings.ts'

/** As many as a session of Bailian's has: 50 rounds. */
const HISTORY_MESSAGES_MAX = 100

interface HistoryMessage {
  role: 'user' | 'assistant'
  content: string
}

type Messages = Pick<RunAgentInput, 'messages'>

/** The body of a completion. */
export const completionRequest = (
  input: Messages,
  turn: Turn,
  variables: Record<string, unknown>,
  settings: BailianSettings,
): object => {
  const { text, attachments } = saidIn(input)
  const images = attachments.filter(({ kind }) => kind === 'image').flatMap(addressOf)
  const files = attachments.filter(({ kind }) => kind !== 'image').flatMap(addressOf)
  const said = turn.withHistory
    ? { messages: [...historyOf(input), { role: 'user', content: text }] }
    : { prompt: text, ...(turn.sessionId !== undefined && { session_id: turn.sessionId }) }
  return {
    input: {
      ...said,
      ...(Object.keys(variables).length > 0 && { biz_params: variables }),
      ...(images.length > 0 && { image_list: images }),
      ...(files.length > 0 && { file_list: files }),
    },
    parameters: parametersOf(settings),
  }
}

/** Attachments that cannot go along: Bailian takes addresses, no bytes. */
export const unsentAttachments = (input: Messages): Attachment[] =>
  saidIn(input).attachments.filter((attachment) => addressOf(attachment).length === 0)

/** What was said before the message that the run answers; from a person's message on, since a round begins with one. */
export const historyOf = ({ messages }: Messages): HistoryMessage[] => {
  const end = messages.findLastIndex(({ role }) => role === 'user')
  const said = messages.slice(0, Math.max(end, 0)).flatMap(historyMessageOf).slice(-HISTORY_MESSAGES_MAX)
  const begin = said.findIndex(({ role }) => role === 'user')
  return begin === -1 ? [] : said.slice(begin)
}

const saidIn = (input: Messages): UserInput => {
  const message = lastUserMessage(input)
  return message === undefined ? { text: '', attachments: [] } : inputOf(message)
}

const historyMessageOf = (message: Message): HistoryMessage[] => {
  const { role } = message
  if (role !== 'user' && role !== 'assistant') return []
  const content = textOf(message)
  return content === '' ? [] : [{ role, content }]
}

const addressOf = ({ source }: Attachment): string[] =>
  'url' in source && /^https?:/i.test(source.url) ? [source.url] : []

const parametersOf = ({ app_type, flow_stream_mode, rag_options }: BailianSettings): object => {
  const mode = flow_stream_mode ?? (app_type.endsWith('-workflow') ? 'message_format_plus' : undefined)
  const { pipeline_ids, file_ids } = rag_options
  return {
    incremental_output: true,
    // In the modes message_format* the nodes' messages take the place of thoughts.
    ...(!mode?.startsWith('message_format') && { has_thoughts: true }),
    ...(mode !== undefined && { flow_stream_mode: mode }),
    ...(pipeline_ids.length > 0 && {
      rag_options: { pipeline_ids, ...(file_ids.length > 0 && { file_ids }) },
    }),
  }
}
