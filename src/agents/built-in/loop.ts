import type { ModelMessage } from 'ai'
import { AgentError } from '../agent-error.ts'
import type { Completion, ModelCall } from '../providers/answer.ts'
import type { ModelChain } from '../providers/model-chain.ts'
import type { AgentEnd, AgentRun } from '../streaming-agent.ts'
import { type AnsweredCall, Approvals } from './approvals.ts'
import { fitContext, lastTurns } from './context.ts'
import type { TellHook } from './hooks.ts'
import { modelMessages, resultsMessage } from './model-messages.ts'
import { RepeatedCalls } from './repeated-calls.ts'
import type { BuiltInSettings } from './settings.ts'
import { StepEvents } from './step-events.ts'
import { systemPrompt } from './system-prompt.ts'
import { textTokens, tokensOf } from './tokens.ts'
import type { ToolCall, ToolOutcome, ToolSpec } from './tools/tool.ts'
import type { ToolBox } from './tools/tool-box.ts'

/** A provider that counts far more than was estimated is mistaken, or counts something else. */
const FACTOR_MAX = 8

export interface LoopOptions {
  run: AgentRun
  settings: BuiltInSettings
  box: ToolBox
  chain: ModelChain
  tell: TellHook
}

/**
 * The loop of an agent: the model is asked, its tools are called, and it is asked again with what they gave, until it
 * calls none. At the limit of steps it is asked once more, without tools, to sum up.
 */
export class Loop {
  readonly #options: LoopOptions
  readonly #repeated = new RepeatedCalls()
  readonly #system: string
  /** How many tokens the provider counted where one was estimated. */
  #factor = 1

  constructor(options: LoopOptions) {
    this.#options = options
    this.#system = systemPrompt(options.run.input, options.settings)
  }

  async run(): Promise<AgentEnd> {
    const { run, settings, box } = this.#options
    const { input, memory } = run
    for (const message of box.notices) this.#notice('TOOLS_MISSING', message)
    const approvals = new Approvals(memory)
    const results = await this.#settle(approvals, approvals.answered(input))
    let messages = this.#history(results)
    for (let step = 1; ; step += 1) {
      const isLast = step > settings.max_steps
      if (isLast) {
        messages.push(sumUp(settings.max_steps))
        this.#notice('STEP_LIMIT', `The limit of ${settings.max_steps} steps is reached: the agent sums up.`)
      }
      messages = this.#fit(messages, isLast ? [] : box.specs)
      const { content, calls } = await this.#ask(messages, isLast ? [] : box.specs)
      if (calls.length === 0) return undefined
      const specs = new Map(calls.map((call) => [call, box.find(call.name)]))
      const mine = calls.filter((call) => waitsFor(specs.get(call)) === 'nobody')
      messages.push(this.#said(content), resultsMessage(await this.#callAll(mine)))
      const asked = calls.filter((call) => waitsFor(specs.get(call)) === 'approval')
      if (asked.length > 0)
        return {
          interrupts: approvals.ask(asked.map((call) => ({ ...call, origin: specs.get(call)?.origin }))),
        }
      // The client's calls: their results come with the next run.
      if (mine.length < calls.length) return undefined
    }
  }

  #history(results: ReadonlyMap<string, string>): ModelMessage[] {
    const { run, settings, box } = this.#options
    const clientTools = new Map(
      box.specs.flatMap(({ kind, ownName, name }) => (kind === 'client' ? [[ownName, name]] : [])),
    )
    const messages = modelMessages(run.input.messages, {
      modalities: settings.modalities,
      results,
      withThoughts: settings.send_reasoning,
      toolName: (name) => clientTools.get(name) ?? name,
    })
    if (messages.length === 0)
      throw new AgentError(
        'INPUT_INVALID',
        'The run has no message that a model could answer. Send one from the user.',
      )
    return [...lastTurns(messages, settings.max_turns)]
  }

  #fit(messages: ModelMessage[], specs: readonly ToolSpec[]): ModelMessage[] {
    const { max_context_tokens: maxTokens } = this.#options.settings
    if (maxTokens === undefined) return messages
    const fitted = fitContext(messages, {
      maxTokens,
      otherTokens: this.#otherTokens(specs),
      factor: this.#factor,
    })
    if (fitted !== messages)
      this.#notice(
        'CONTEXT_COMPRESSED',
        `The conversation is near what the model takes (${maxTokens} tokens): older parts are left out or shortened.`,
      )
    return fitted
  }

  #otherTokens(specs: readonly ToolSpec[]): number {
    const tools = specs.map(({ name, description, parameters }) => ({ name, description, parameters }))
    return textTokens(this.#system) + textTokens(JSON.stringify(tools))
  }

  async #ask(messages: ModelMessage[], specs: readonly ToolSpec[]): Promise<Completion> {
    const { run, settings, box, chain } = this.#options
    const { events, signal } = run
    const step = new StepEvents(events, (name) => box.find(name)?.ownName ?? name)
    const completion = await chain.complete({
      system: this.#system,
      messages,
      tools: specs,
      timeoutMs: settings.timeout * 1000,
      signal,
      onPart: (part) => step.take(part),
      onUsage: (usage) => {
        events.usage(usage)
        const estimated = tokensOf(messages) + this.#otherTokens(specs)
        this.#factor = Math.min(Math.max((usage.inputTokens ?? 0) / estimated, 1), FACTOR_MAX)
      },
    })
    step.end()
    if (completion.finishReason === 'length')
      this.#notice('OUTPUT_TRUNCATED', 'The model reached its limit of output: what it says ends too early.')
    if (completion.finishReason === 'content-filter')
      this.#notice('OUTPUT_FILTERED', 'The provider’s content filter ended the answer.')
    return completion
  }

  #said(content: Completion['content']): ModelMessage {
    const { send_reasoning } = this.#options.settings
    return {
      role: 'assistant',
      content: content.filter(({ type }) => send_reasoning || type !== 'reasoning'),
    }
  }

  /** In the model's order, one after the other: a later one may count on an earlier. */
  async #callAll(calls: readonly ModelCall[]) {
    const results = []
    for (const call of calls) {
      const outcome = await this.#call(call)
      const notice = this.#repeated.next(call)
      const result = notice === undefined ? outcome.content : `${outcome.content}\n\n${notice}`
      this.#options.run.events.toolResult(call.id, result)
      results.push({ toolCallId: call.id, toolName: call.name, result })
    }
    return results
  }

  async #call(call: ToolCall): Promise<ToolOutcome> {
    const { run, box, tell } = this.#options
    await tell('onToolStart', call)
    run.signal.throwIfAborted()
    const outcome = await orAborted(box.call(call, run.signal), run.signal)
    await tell('onToolEnd', call, outcome)
    return outcome
  }

  /** Carries out what people have answered for; the results belong to calls of an earlier run. */
  async #settle(approvals: Approvals, answered: readonly AnsweredCall[]): Promise<Map<string, string>> {
    const results = new Map<string, string>()
    for (const { interruptId, call, verdict } of answered) {
      if (verdict.is === 'approved') approvals.begin(interruptId)
      const content =
        verdict.is === 'approved' ? await this.#approved(call, verdict.changed) : refusalOf(verdict)
      this.#options.run.events.toolResult(call.id, content)
      results.set(call.id, content)
    }
    if (answered.length > 0) approvals.clear()
    return results
  }

  async #approved(call: ToolCall, changed: boolean): Promise<string> {
    const { content } = await this.#call(call)
    return changed ? `[The user changed the arguments to ${call.args}]\n${content}` : content
  }

  #notice(code: string, message: string): void {
    this.#options.run.events.custom('notice', { code, message })
  }
}

const waitsFor = (spec: ToolSpec | undefined): 'nobody' | 'approval' | 'client' => {
  if (spec?.kind === 'client') return 'client'
  return spec?.approval ? 'approval' : 'nobody'
}

const sumUp = (steps: number): ModelMessage => ({
  role: 'user',
  content:
    `You have reached the limit of ${steps} steps, and no tool can be called any more. ` +
    'Answer now with what you have found, and say what is still to be done.',
})

const refusalOf = (verdict: AnsweredCall['verdict']): string => {
  if (verdict.is === 'unknown')
    return 'error: The worker was lost while this call was carried out. Whether it took effect is not known; look before you call it again.'
  const reason = 'reason' in verdict && verdict.reason ? ` They say: ${verdict.reason}` : ''
  return `error: The user did not allow this call.${reason}`
}

/** A tool that does not heed the signal must not keep a stopped run. */
const orAborted = async <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> => {
  const over = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over.signal })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    over.abort()
  }
}
