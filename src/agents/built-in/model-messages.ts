import type { Message, RunAgentInput } from '@ag-ui/client'
import type { ModelMessage } from 'ai'
import { argumentsOf } from '../providers/answer.ts'
import { textOf } from '../user-input.ts'
import type { BuiltInSettings } from './settings.ts'
import { signatureIn } from './signatures.ts'
import { userContent } from './user-content.ts'

type Modality = BuiltInSettings['modalities'][number]
type Assistant = Extract<Message, { role: 'assistant' }>
type ReasoningPart = Extract<Content[number], { type: 'reasoning' }>
type Content = Exclude<Extract<ModelMessage, { role: 'assistant' }>['content'], string>

/** What a model reads where a call was never answered: people go on without, and workers die. */
const UNANSWERED = 'error: There is no result: the call was not carried out, or its result never came.'

export interface MessageOptions {
  modalities: readonly Modality[]
  /** Results that this run brought, by the id of their call; they count before those of the thread. */
  results: ReadonlyMap<string, string>
  /** Whether the model gets its thoughts back, of turns in which it called tools. */
  withThoughts: boolean
  /** What the model calls a tool that the thread knows by this name. */
  toolName(name: string): string
}

/**
 * A thread as the model reads it. Each assistant message is followed by the results of its calls, wherever they are
 * in the thread; results without a call are left out. A thought goes back with the message that follows it.
 */
export const modelMessages = (
  messages: RunAgentInput['messages'],
  { modalities, results: own, withThoughts, toolName }: MessageOptions,
): ModelMessage[] => {
  const said = messages.flatMap((message) =>
    message.role === 'tool' ? [[message.toolCallId, textOf(message)] as const] : [],
  )
  const results = new Map([...said, ...own])
  const isThoughtOf = withThoughts ? inTurnsWithCalls(messages) : () => false
  const thoughts: Thought[] = []
  return messages.flatMap((message, at): ModelMessage[] => {
    if (message.role === 'user') {
      thoughts.length = 0
      return [{ role: 'user', content: userContent(message, modalities) }]
    }
    if ((message.role as string) === 'reasoning') {
      if (isThoughtOf(at)) thoughts.push({ text: textOf(message), ...signed(message) })
      return []
    }
    if (message.role !== 'assistant') return []
    const content = assistantContent(message as Assistant, thoughts.splice(0), toolName)
    if (content.length === 0) return []
    const calls = content.filter((part) => part.type === 'tool-call')
    if (calls.length === 0) return [{ role: 'assistant', content }]
    return [
      { role: 'assistant', content },
      resultsMessage(calls.map((call) => ({ ...call, result: results.get(call.toolCallId) ?? UNANSWERED }))),
    ]
  })
}

/** DeepSeek refuses a turn with calls that is without its thoughts, and others pay for thoughts that they pass over. */
const inTurnsWithCalls = (messages: RunAgentInput['messages']): ((at: number) => boolean) => {
  let turn = 0
  const turns = messages.map(({ role }) => (role === 'user' ? ++turn : turn))
  const withCalls = new Set(
    messages.flatMap((message, at) =>
      message.role === 'assistant' && message.toolCalls?.length ? [turns[at]] : [],
    ),
  )
  return (at) => withCalls.has(turns[at])
}

/** What tools gave, in the order of their calls. */
export const resultsMessage = (
  results: readonly { toolCallId: string; toolName: string; result: string }[],
): ModelMessage => ({
  role: 'tool',
  content: results.map(({ toolCallId, toolName, result }) => ({
    type: 'tool-result',
    toolCallId,
    toolName,
    output: { type: 'text', value: result },
  })),
})

const assistantContent = (
  message: Assistant,
  thoughts: readonly Thought[],
  toolName: MessageOptions['toolName'],
): Content => {
  const text = textOf(message as Message)
  return [
    ...thoughts.map((thought) => ({ type: 'reasoning' as const, ...thought })),
    ...(text === '' ? [] : [{ type: 'text' as const, text }]),
    ...(message.toolCalls ?? []).map(({ id, function: { name, arguments: args }, encryptedValue }) => ({
      type: 'tool-call' as const,
      toolCallId: id,
      toolName: toolName(name),
      input: parsedArguments(args),
      ...signed({ encryptedValue }),
    })),
  ]
}

type Thought = Pick<ReasoningPart, 'text' | 'providerOptions'>

const signed = (message: object): Pick<Thought, 'providerOptions'> => {
  const providerOptions = signatureIn((message as { encryptedValue?: unknown }).encryptedValue)
  return providerOptions === undefined ? {} : { providerOptions }
}

const parsedArguments = (args: string): unknown => {
  try {
    return argumentsOf(args.trim() === '' ? {} : JSON.parse(args))
  } catch {
    // Its result says so already.
    return argumentsOf(args)
  }
}
