import { AgentError } from '../agent-error.ts'
import type { PlatformClient } from '../platform-client.ts'
import type { AgentRun } from '../streaming-agent.ts'
import { Answer } from './answer.ts'
import { baseOf, clientOf, completionOf, completionPath } from './client.ts'
import type { Conversation, Turn } from './conversation.ts'
import { completionRequest, unsentAttachments } from './request.ts'
import type { BailianSettings } from './settings.ts'

/** A run's call of the platform, or its two calls where the first one's session was lost. */
export class Completion {
  readonly #run: AgentRun
  readonly #conversation: Conversation
  readonly #settings: BailianSettings
  readonly #client: PlatformClient
  readonly #answer: Answer

  constructor(run: AgentRun, conversation: Conversation, settings: BailianSettings) {
    this.#run = run
    this.#conversation = conversation
    this.#settings = settings
    this.#client = clientOf(settings)
    this.#answer = new Answer(run.events, { outputReference: settings.rag_options.output_reference })
  }

  /** @throws AgentError with Bailian's code, INCOMPLETE_STREAM */
  async play(turn: Turn): Promise<void> {
    const { signal } = this.#run
    try {
      if (await this.#stream(turn)) return this.#answer.finish()
    } finally {
      if (!signal.aborted) this.#answer.tellUsage()
    }
    throw new AgentError(
      'INCOMPLETE_STREAM',
      'Bailian’s stream ended without its last frame, so the answer may be incomplete. Run it again.',
    )
  }

  tellLost(why: string, hasHistory: boolean): void {
    const how = hasHistory ? 'in a new one, with the messages so far' : 'in a new one'
    this.#notice('CONVERSATION_LOST', `The conversation with Bailian was lost: ${why}. It goes on ${how}.`)
  }

  tellUnsent(): void {
    const { length } = unsentAttachments(this.#run.input)
    if (length > 0)
      this.#notice(
        'ATTACHMENT_NOT_SENT',
        `Bailian takes attachments by their http(s) address only: ${length} without one did not go along.`,
      )
  }

  /** No error for it is documented: a refusal before any output that speaks of the session is taken for it. */
  isSessionLost(error: unknown): boolean {
    if (!(error instanceof AgentError) || this.#answer.begun) return false
    if (error.code.startsWith('PLATFORM_') && error.code !== 'PLATFORM_REFUSED') return false
    return /session/i.test(error.code + error.message.replaceAll(baseOf(this.#settings), ''))
  }

  /** Whether the stream came to its end. */
  async #stream(turn: Turn): Promise<boolean> {
    const { signal, input } = this.#run
    const frames = this.#client.frames(completionPath(this.#settings), {
      body: completionRequest(input, turn, this.#conversation.variables, this.#settings),
      headers: { 'x-dashscope-sse': 'enable' },
      signal,
    })
    let isNamed = false
    for await (const frame of frames) {
      const completion = completionOf(this.#client, frame)
      if (completion === undefined) continue
      const sessionId = completion.output?.session_id
      if (sessionId && !isNamed) this.#named(sessionId, turn)
      isNamed ||= !!sessionId
      if (this.#answer.take(completion)) return true
    }
    return false
  }

  #named(sessionId: string, turn: Turn): void {
    if (this.#conversation.named(sessionId, turn))
      this.#notice(
        'CONVERSATION_LOST',
        'Bailian has begun a new session by itself: this answer does not know what was said before. ' +
          'From the next run on, the messages so far go along.',
      )
  }

  #notice(code: string, message: string): void {
    this.#run.events.custom('notice', { code, message })
  }
}
