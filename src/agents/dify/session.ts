import { randomUUID } from 'node:crypto'
import type { Message } from '@ag-ui/client'
import type { Frame, PlatformClient } from '../platform-client.ts'
import type { AgentEnd, AgentRun } from '../streaming-agent.ts'
import { difyClient } from './client.ts'
import type { DifyFrame } from './frame.ts'
import { Mapping, type MappingOptions } from './mapping.ts'
import { DifyMemory } from './memory.ts'
import { isChat, stopPathOf } from './requests.ts'
import type { DifySettings } from './settings.ts'

/** One run with Dify: what a new question and an answered form have in common. */
export class DifySession {
  readonly run: AgentRun
  readonly settings: DifySettings
  readonly client: PlatformClient
  readonly memory: DifyMemory
  /** Conversations, files, and the stop call belong to it: the same for all runs of a thread. */
  readonly user: string
  #taskId: string | undefined

  constructor(run: AgentRun, settings: DifySettings) {
    this.run = run
    this.settings = settings
    this.client = difyClient(settings)
    this.memory = new DifyMemory(run.memory)
    this.user = settings.user ?? run.input.threadId
    run.onStop((signal) => this.#stop(signal))
  }

  notice(code: string, message: string): void {
    this.run.events.custom('notice', { code, message })
  }

  /** Tells a stream's frames, to its end. */
  async follow(
    frames: AsyncIterable<Frame>,
    options: Pick<MappingOptions, 'isResumed' | 'answered'> = {},
    isTold: (frame: DifyFrame) => boolean = () => false,
  ): Promise<AgentEnd> {
    const { api_type, workflow_output_key } = this.settings
    const mapping = new Mapping(this.run.events, {
      ...options,
      isWorkflow: api_type === 'workflow',
      outputKey: workflow_output_key,
      replace: (text) => this.#replace(text),
    })
    for await (const raw of frames) {
      const frame = this.client.parse<DifyFrame | null>(raw) ?? {}
      this.#note(frame)
      if (isTold(frame)) continue
      await mapping.take(frame)
      if (mapping.isDone) break
    }
    mapping.end()
    return this.#end(mapping)
  }

  #end({ asked, outputs }: Mapping): AgentEnd {
    const forms = Object.fromEntries(asked.map(({ interrupt, form }) => [interrupt.id, form]))
    this.memory.change({ forms: asked.length > 0 ? forms : undefined })
    if (asked.length > 0) return { interrupts: asked.map(({ interrupt }) => interrupt) }
    return outputs === undefined ? undefined : { result: outputs }
  }

  /** At once, not at the end: a killed worker's thread goes on with it. */
  #note({ task_id, conversation_id }: DifyFrame): void {
    if (task_id) this.#taskId = task_id
    if (conversation_id && isChat(this.settings.api_type)) this.memory.change({ conversation_id })
  }

  /** To close the connection stops nothing at Dify. */
  async #stop(signal: AbortSignal): Promise<void> {
    // Without a frame there was no task to stop yet.
    if (this.#taskId === undefined) return
    const path = stopPathOf(this.settings.api_type, this.#taskId)
    await this.client.json(path, { body: { user: this.user }, signal })
  }

  /** Dify’s moderation, mostly: what was said is to be seen no longer. */
  async #replace(text: string): Promise<void> {
    const { events, input } = this.run
    events.endText()
    events.endReasoning()
    const before = new Set(input.messages.map(({ id }) => id))
    const messages = replaced(await this.run.messages(), before, text)
    events.emit({ type: 'MESSAGES_SNAPSHOT', messages })
  }
}

/** The text in the place of what this run's messages say; their tool calls stay. */
const replaced = (messages: Message[], before: ReadonlySet<string>, text: string): Message[] => {
  const isOwn = ({ id, role }: Message) => role === 'assistant' && !before.has(id)
  const kept = messages.flatMap((message): Message[] => {
    if (!isOwn(message)) return [message]
    const { content: _, ...rest } = message as Message & { toolCalls?: unknown[] }
    return rest.toolCalls?.length ? [rest as Message] : []
  })
  return text === '' ? kept : [...kept, { id: randomUUID(), role: 'assistant', content: text }]
}
