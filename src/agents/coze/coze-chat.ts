import type { Message } from '@ag-ui/client'
import { sleep } from '../../sleep.ts'
import { AgentError } from '../agent-error.ts'
import type { AgentEnd, AgentRun } from '../streaming-agent.ts'
import { type ChatIds, CozeApi } from './api.ts'
import { ChatEvents } from './chat-events.ts'
import { CHAT_RUNNING, isChatLost, isConversationLost } from './codes.ts'
import type { CozeFrame } from './frame.ts'
import { CozeMemory } from './memory.ts'
import { enterMessages, type Upload } from './messages.ts'
import type { Answer } from './resumption.ts'
import type { CozeSettings } from './settings.ts'
import { asTexts } from './variables.ts'

/** Coze needs a moment to take note of a cancelled chat. */
const AFTER_CANCEL_MS = 300

/** One run's dealings with Coze. */
export class CozeChat {
  readonly #run: AgentRun
  readonly #settings: CozeSettings
  readonly #api: CozeApi
  readonly #upload: Upload
  readonly memory: CozeMemory

  constructor(run: AgentRun, settings: CozeSettings) {
    this.#run = run
    this.#settings = settings
    this.#api = new CozeApi(settings)
    this.#upload = once((attachment) => this.#api.upload(attachment, run.signal))
    this.memory = new CozeMemory(run.memory, settings)
  }

  /** A new chat. @throws AgentError */
  async ask(messages: readonly Message[]): Promise<AgentEnd> {
    let conversation = this.#settings.auto_save_history ? this.memory.kept.conversation_id : undefined
    // Ends: the conversation is given up once, and #free() forgets the chat that it frees it of.
    for (;;) {
      const body = await this.#body(messages, conversation)
      const attempt = new Attempt(this.#api.chat(body, conversation, this.#run.signal))
      try {
        return await this.#play(attempt)
      } catch (error) {
        if (attempt.hasBegun || !(error instanceof AgentError) || conversation === undefined) throw error
        if (isConversationLost(error.code, error.message)) {
          this.#tellLost('Coze no longer knows the conversation: a new one begins, with the history.')
          conversation = undefined
        } else if (error.code !== CHAT_RUNNING || !(await this.#free(conversation))) throw error
      }
    }
  }

  /** The chat of an earlier run goes on. @throws AgentError */
  async submit(
    { conversation_id, chat_id }: ChatIds,
    answers: readonly Answer[],
    messages: readonly Message[],
  ): Promise<AgentEnd> {
    const ids = { conversation_id, chat_id }
    const outputs = answers.map(({ tool_call_id, output }) => ({ tool_call_id, output }))
    const attempt = new Attempt(this.#api.submit(ids, outputs, this.#run.signal))
    const settle = () => {
      for (const { tool_call, output } of answers)
        if (tool_call !== undefined) this.#run.events.toolResult(tool_call, output)
      this.memory.update({ pending: undefined, chat_id })
    }
    this.#stoppable(ids)
    try {
      return await this.#play(
        attempt,
        outputs.map(({ output }) => output),
        settle,
      )
    } catch (error) {
      if (attempt.hasBegun || !(error instanceof AgentError) || !isChatLost(error.code, error.message))
        throw error
      settle()
      this.memory.update({ chat_id: undefined })
      this.#tellLost('Coze no longer knows the chat that waited: it is asked anew, with the history.')
      return await this.ask(messages)
    }
  }

  async #play(attempt: Attempt, submitted: string[] = [], onBegin?: () => void): Promise<AgentEnd> {
    const chat = new ChatEvents(this.#run.events, this.#settings.api_base, submitted)
    try {
      for await (const frame of attempt.frames()) {
        const known = chat.ids
        if (attempt.hasBegun) {
          onBegin?.()
          onBegin = undefined
        }
        chat.take(frame)
        if (chat.ids !== undefined && chat.ids.chat_id !== known?.chat_id) this.#began(chat.ids)
      }
    } finally {
      // A chat whose end was not seen may run on: the next run has to cancel it.
      if (chat.ended && attempt.hasBegun && this.#keeps) this.memory.update({ chat_id: undefined })
    }
    if (!chat.ended)
      throw new AgentError('INCOMPLETE_STREAM', 'Coze ended its stream without saying how the chat ended.')
    return chat.required === undefined ? undefined : this.#wait(chat)
  }

  #wait({ ids, required }: ChatEvents): AgentEnd {
    if (!this.#keeps || ids === undefined || required === undefined)
      throw new AgentError(
        'CONFIG_INVALID',
        'The bot waits for an answer, which Coze takes only for chats that it keeps. Set auto_save_history: true.',
      )
    this.memory.update({ pending: { ...ids, calls: required.calls } })
    return { interrupts: required.interrupts }
  }

  get #keeps(): boolean {
    return this.#settings.auto_save_history
  }

  #began(ids: ChatIds): void {
    this.#stoppable(ids)
    // What waited before waits no more: Coze has gone on.
    if (this.#keeps) this.memory.update({ ...ids, pending: undefined })
  }

  #stoppable(ids: ChatIds): void {
    this.#run.onStop((signal) => this.#api.cancel(ids, signal))
  }

  /** Ends what an earlier run of the thread left running; false where this thread knows of none. */
  async #free(conversation_id: string): Promise<boolean> {
    const { chat_id } = this.memory.kept
    if (chat_id === undefined) return false
    await this.#api.cancel({ conversation_id, chat_id }, this.#run.signal)
    this.memory.update({ chat_id: undefined })
    await sleep(AFTER_CANCEL_MS, this.#run.signal)
    this.#run.signal.throwIfAborted()
    return true
  }

  #tellLost(message: string): void {
    this.memory.update({ conversation_id: undefined, chat_id: undefined })
    this.#run.events.custom('notice', { code: 'CONVERSATION_LOST', message })
  }

  async #body(messages: readonly Message[], conversation: string | undefined) {
    const { bot_id, user_id, auto_save_history, variables, parameters } = this.#settings
    const custom_variables = asTexts({ ...variables, ...this.memory.kept.variables })
    return {
      bot_id,
      user_id: user_id ?? this.#run.input.threadId,
      auto_save_history,
      additional_messages: await enterMessages(
        messages,
        conversation === undefined ? 'history' : 'last',
        this.#upload,
      ),
      ...(Object.keys(custom_variables).length > 0 && { custom_variables }),
      ...(Object.keys(parameters).length > 0 && { parameters }),
    }
  }
}

/** A request for a stream: until it begins, Coze has done nothing, and another one may be made. */
class Attempt {
  readonly #frames: AsyncGenerator<CozeFrame>
  hasBegun = false

  constructor(frames: AsyncGenerator<CozeFrame>) {
    this.#frames = frames
  }

  async *frames(): AsyncGenerator<CozeFrame> {
    for await (const frame of this.#frames) {
      this.hasBegun ||= frame.event !== 'error'
      yield frame
    }
  }
}

/** The same file is given once, also where the request for which it was is made anew. */
const once = (upload: Upload): Upload => {
  const given = new Map<string, Promise<string>>()
  return (attachment) => {
    const { source, filename = '' } = attachment
    const key = `${filename}\n${'base64' in source ? source.base64 : source.url}`
    const id = given.get(key) ?? upload(attachment)
    given.set(key, id)
    return id
  }
}
