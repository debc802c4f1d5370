import type { Message } from '@ag-ui/client'
import { textOf } from '../user-input.ts'
import { type LcMessage, resultIn, saidIn } from './lc-message.ts'
import type { PlatformIds } from './platform-ids.ts'

interface Entry {
  message: Message
  /** The client's own stays as the client has it. */
  isClients: boolean
}

/**
 * The thread's messages: those of the client, and those of DeerFlow that the client does not have, in DeerFlow's
 * order. DeerFlow sends all of its messages after each step, without those that it has summed up meanwhile: what was
 * there once stays.
 */
export class Transcript {
  readonly #ids: PlatformIds
  readonly #entries: Entry[]

  constructor(messages: readonly Message[], ids: PlatformIds) {
    this.#ids = ids
    // A snapshot without these two kinds leaves the client's own in their places.
    const told = messages.filter(({ role }) => role !== 'activity' && role !== 'reasoning')
    this.#entries = told.map((message) => ({ message, isClients: true }))
  }

  merge(messages: readonly LcMessage[]): void {
    const told = messages.flatMap((message) => this.#messageOf(message) ?? [])
    const places = told.map((message) => this.#placeOf(message))
    // What comes before the first one that is known belongs before it; all is new, where none is.
    let at = places.find((place) => place !== -1) ?? this.#entries.length
    for (const message of told) {
      const place = this.#placeOf(message)
      if (place === -1) {
        this.#entries.splice(at, 0, { message, isClients: false })
        at += 1
        continue
      }
      const entry = this.#entries[place]!
      if (!entry.isClients) entry.message = message
      at = place + 1
    }
  }

  /** Without the results of these calls: they are questions, which wait for another one. */
  messages(asked: ReadonlySet<string>): Message[] {
    return this.#entries.flatMap(({ message }) => (isResultOf(message, asked) ? [] : [message]))
  }

  /** DeerFlow's messages that the client did not bring. */
  added(asked: ReadonlySet<string>): Message[] {
    return this.#entries.flatMap(({ message, isClients }) =>
      isClients || isResultOf(message, asked) ? [] : [message],
    )
  }

  #placeOf(message: Message): number {
    const { toolCallId } = message as { toolCallId?: string }
    return this.#entries.findIndex(({ message: known }) =>
      // A call has one result, whatever its id is: the answer to a question takes the place of the question.
      toolCallId === undefined
        ? known.id === message.id
        : known.role === 'tool' && known.toolCallId === toolCallId,
    )
  }

  #messageOf(message: LcMessage): Message | undefined {
    if (!message.id || message.additional_kwargs?.hide_from_ui === true || message.name === 'summary')
      return undefined
    const { text } = saidIn(message)
    if (message.role === 'human') {
      const { original_user_content: original } = message.additional_kwargs ?? {}
      return {
        id: this.#userId(message.id),
        role: 'user',
        content: typeof original === 'string' ? original : text,
      }
    }
    if (message.role === 'tool' && message.tool_call_id)
      return {
        id: this.#ids.of(message.id),
        role: 'tool',
        toolCallId: this.#ids.of(message.tool_call_id),
        content: resultIn(message),
      }
    return message.role === 'ai' ? this.#answerOf(message, message.id, text) : undefined
  }

  #answerOf({ tool_calls }: LcMessage, id: string, content: string): Message | undefined {
    const toolCalls = (tool_calls ?? []).flatMap(({ id: callId, name, args }) => {
      const call = { name, arguments: typeof args === 'string' ? args : JSON.stringify(args ?? {}) }
      return callId ? [{ id: this.#ids.of(callId), type: 'function' as const, function: call }] : []
    })
    if (content === '' && toolCalls.length === 0) return undefined
    return {
      id: this.#ids.of(id),
      role: 'assistant',
      ...(content !== '' && { content }),
      ...(toolCalls.length > 0 && { toolCalls }),
    }
  }

  /** DeerFlow adds `__user` to the first one's id, and `sentId` the run's. */
  #userId(id: string): string {
    const sent = id.replace(/__user$/, '')
    const own = sent.slice(0, Math.max(sent.lastIndexOf(MARK), 0))
    return [id, sent, own].find((one) => this.#ids.isTaken(one)) ?? sent
  }
}

const MARK = '~'

/**
 * The id under which a user's message goes to DeerFlow. Not its own: DeerFlow would put one that it has already,
 * of a run that failed, in the old one's place, and find nothing new to answer.
 */
export const sentId = (messageId: string, runId: string): string => `${messageId}${MARK}${runId}`

const isResultOf = (message: Message, calls: ReadonlySet<string>): boolean =>
  message.role === 'tool' && calls.has(message.toolCallId)

/** Whether a message is what was told of it, piece by piece. */
export const isAsTold = (
  message: Message,
  texts: ReadonlyMap<string, string>,
  calls: ReadonlySet<string>,
  answered: ReadonlySet<string>,
): boolean => {
  if (message.role === 'tool') return answered.has(message.toolCallId)
  if (message.role !== 'assistant') return false
  return (
    (texts.get(message.id) ?? '') === textOf(message) &&
    (message.toolCalls ?? []).every(({ id }) => calls.has(id))
  )
}
