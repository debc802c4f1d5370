import {
  type AbstractAgent,
  type BaseEvent,
  type Message,
  type RunAgentInput,
  verifyEvents,
} from '@ag-ui/client'
import { from, lastValueFrom, toArray } from 'rxjs'
import type { AnyEvent } from '../../run/event.ts'
import type { Interrupt } from '../../run/interrupts.ts'
import { LocalMemories, type Remembered, remembersThreads, type ThreadMemory } from '../memory.ts'

export interface TestAgentOptions {
  /** What the person says. @default 'Hello' */
  message?: string
  /** More of the input, or another one; `messages` takes the place of `message`. */
  input?: Partial<RunAgentInput>
  /** What the agent remembers of the thread. @default nothing, kept for this call alone */
  memory?: ThreadMemory
  /** Each event as it comes. */
  onEvent?(event: AnyEvent): void
}

/** What came of a run. */
export interface TestedRun {
  events: AnyEvent[]
  messages: Message[]
  state: unknown
  /** What the assistant said, all of it. */
  text: string
  /** RUN_FINISHED or RUN_ERROR. */
  terminal: AnyEvent
  interrupts: Interrupt[]
  /** What the agent remembers now. */
  memory: Remembered | undefined
}

/**
 * Runs an agent as a worker does, through AG-UI's own verifier, and gives what came of it.
 * @throws Error with the events in its message, where they are no valid run, or have not exactly one terminal event
 */
export const testAgent = async (agent: AbstractAgent, options: TestAgentOptions = {}): Promise<TestedRun> => {
  const input = inputOf(options)
  const memory = options.memory ?? new LocalMemories().of(input.threadId)
  if (remembersThreads(agent)) agent.useMemory(input.threadId, memory)
  agent.threadId = input.threadId
  agent.setMessages(input.messages)
  agent.setState(input.state)
  const events: AnyEvent[] = []
  const onEvent = ({ event }: { event: BaseEvent }) => {
    events.push(structuredClone(event) as never)
    options.onEvent?.(event as never)
  }
  await agent.runAgent(input, { onEvent }).catch((error) => fail(events, error))
  await verify(events)
  const terminals = events.filter(({ type }) => type === 'RUN_FINISHED' || type === 'RUN_ERROR')
  if (terminals.length !== 1) fail(events, `${terminals.length} terminal events, where there must be one`)
  const [terminal] = terminals as [AnyEvent]
  const outcome = terminal.outcome as { type?: string; interrupts?: Interrupt[] } | undefined
  return {
    events,
    messages: agent.messages,
    state: agent.state,
    text: textOf(events),
    terminal,
    interrupts: outcome?.type === 'interrupt' ? (outcome.interrupts ?? []) : [],
    memory: memory.value,
  }
}

/** One line an event, for people. */
export const printEvents = (events: readonly AnyEvent[]): string =>
  events.map(({ type, ...fields }) => `${type} ${JSON.stringify(fields)}`).join('\n')

const inputOf = ({ message = 'Hello', input = {} }: TestAgentOptions): RunAgentInput => ({
  threadId: 'test-thread',
  runId: 'test-run',
  messages: [{ id: 'test-message', role: 'user', content: message }],
  tools: [],
  context: [],
  state: {},
  forwardedProps: {},
  ...input,
})

const verify = async (events: readonly AnyEvent[]): Promise<void> => {
  const copies = from(structuredClone(events) as never as BaseEvent[])
  await lastValueFrom(copies.pipe(verifyEvents(false), toArray())).catch((error) => fail(events, error))
}

const fail = (events: readonly AnyEvent[], why: unknown): never => {
  const said = why instanceof Error ? why.message : String(why)
  throw new Error(`${said}\nEvents so far:\n${printEvents(events)}`, { cause: why })
}

const textOf = (events: readonly AnyEvent[]): string =>
  events.map(({ type, delta }) => (type === 'TEXT_MESSAGE_CONTENT' ? String(delta) : '')).join('')
