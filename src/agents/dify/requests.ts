import type { DifyFile } from './files.ts'
import type { ApiType, DifySettings } from './settings.ts'

export interface Question {
  query: string
  files: DifyFile[]
  variables: Record<string, unknown>
  user: string
  conversationId?: string
}

/** Chats are remembered by Dify; the others begin anew with each run. */
export const isChat = (type: ApiType): boolean => type === 'chat' || type === 'agent' || type === 'chatflow'

const PATHS: Record<ApiType, string> = {
  chat: '/chat-messages',
  agent: '/chat-messages',
  chatflow: '/chat-messages',
  workflow: '/workflows/run',
  completion: '/completion-messages',
}

const STOP_PATHS: Record<ApiType, string> = {
  ...PATHS,
  workflow: '/workflows/tasks',
}

export const pathOf = (type: ApiType): string => PATHS[type]

export const stopPathOf = (type: ApiType, taskId: string): string =>
  `${STOP_PATHS[type]}/${encodeURIComponent(taskId)}/stop`

type BodySettings = Pick<DifySettings, 'api_type' | 'query_input_key'>

export const bodyOf = ({ api_type, query_input_key }: BodySettings, question: Question): object => {
  const { query, files, variables, user, conversationId } = question
  const common = { user, response_mode: 'streaming', ...(files.length > 0 && { files }) }
  if (isChat(api_type)) {
    const conversation = conversationId !== undefined && { conversation_id: conversationId }
    return { ...common, query, inputs: variables, ...conversation }
  }
  const inputs = { ...variables, [query_input_key]: query }
  // Older text generators take the text beside the inputs.
  return api_type === 'completion' ? { ...common, inputs, query } : { ...common, inputs }
}
