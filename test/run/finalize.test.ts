import type { BaseEvent } from '@ag-ui/client'
import { finalizeRunEvents } from '@copilotkit/shared'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { AnyEvent } from '../../src/run/event.ts'
import { closeReasoning, finalizeRun, type RunEnding } from '../../src/run/finalize.ts'
import { OpenItems } from '../../src/run/open-items.ts'
import { arbitraryBrokenRun, arbitraryRun, PRIOR_MESSAGES, PRIOR_STATE } from './arbitrary-run.ts'
import { CLIENTS, replay } from './clients.ts'

const ids = { threadId: 't', runId: 'r' }
const started = { type: 'RUN_STARTED', ...ids }
const stopped: RunEnding = { ...ids, reason: 'stopped' }
const ended: RunEnding = { ...ids, reason: 'ended' }

const openAfter = (events: readonly AnyEvent[]): OpenItems => {
  const open = new OpenItems()
  for (const event of events) open.observe(event)
  return open
}
const closersOf = (events: readonly AnyEvent[], ending: RunEnding) => finalizeRun(openAfter(events), ending)

const arbitraryMessage = fc.constantFrom(undefined, 'The model hung up', 'Run stopped by user', '')
const arbitraryEnding: fc.Arbitrary<RunEnding> = fc.oneof(
  arbitraryMessage.map((message) => ({ ...stopped, message })),
  fc.constant(ended),
  arbitraryMessage.map((message): RunEnding => ({ ...ids, reason: 'failed', message })),
)

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

describe.each(CLIENTS)('a run that breaks off, closed, with AG-UI client %s', (_version, client) => {
  it('is accepted, and ends as it should', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryBrokenRun(ids), arbitraryEnding, async (broken, ending) => {
        const closed = [...broken, ...closersOf(broken, ending)]
        const thread = { messages: PRIOR_MESSAGES, state: PRIOR_STATE }
        const { events } = await replay(client, closed, thread)
        expect(events).toHaveLength(closed.length)
        expect(events.at(-1)?.type).toBe(ending.reason === 'stopped' ? 'RUN_FINISHED' : 'RUN_ERROR')
      }),
      { numRuns: 250 },
    )
  })

  it('has nothing open even where RUN_ERROR would allow it', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryBrokenRun(ids), async (broken) => {
        fc.pre(broken.length > 0)
        const closers = closersOf(broken, ended).slice(0, -1)
        await replay(client, [...broken, ...closers, { type: 'RUN_FINISHED', ...ids } as BaseEvent])
      }),
      { numRuns: 150 },
    )
  })
})

describe('the peer', () => {
  const ofTextsAndCalls = (events: readonly AnyEvent[]) =>
    events.filter(({ type }) => /^(TEXT_MESSAGE|TOOL_CALL|RUN_ERROR)/.test(type))

  /** Opened again, ended before, unanswered: there the peer leaves it open, and its RUN_FINISHED is invalid. */
  const reopens = (events: readonly AnyEvent[]) => {
    const open = new OpenItems()
    return events.some((event) => {
      const before = open.toolCalls.get(String(event.toolCallId))?.ended
      open.observe(event)
      return event.type === 'TOOL_CALL_START' && before === true
    })
  }

  it('closes text messages and tool calls by the same events, and ends alike', () => {
    let compared = 0
    fc.assert(
      fc.property(arbitraryBrokenRun(ids), arbitraryEnding, (broken, ending) => {
        if (reopens(broken)) return
        compared += 1
        const { reason, message } = ending
        const theirs = finalizeRunEvents([...broken], {
          stopRequested: reason === 'stopped',
          ...(message !== undefined && { interruptionMessage: message }),
        })
        const ours = closersOf(broken, ending)
        expect(ofTextsAndCalls(ours)).toEqual(ofTextsAndCalls(theirs))
        expect(ours.at(-1)?.type).toBe(theirs.at(-1)?.type)
      }),
      { numRuns: 500 },
    )
    expect(compared).toBeGreaterThan(250)
  })

  it('leaves a tool call open that was opened again; this does not', () => {
    const call = { toolCallId: 'c' }
    const start = { type: 'TOOL_CALL_START', ...call, toolCallName: 'search' }
    const broken = [started, start, { type: 'TOOL_CALL_END', ...call }, start]
    expect(closersOf(broken, stopped).map(({ type }) => type)).toEqual([
      'TOOL_CALL_END',
      'TOOL_CALL_RESULT',
      'RUN_FINISHED',
    ])
  })
})

describe('finalizeRun', () => {
  it('adds nothing to a run that has ended, and nothing twice', () => {
    fc.assert(
      fc.property(arbitraryRun(ids), arbitraryEnding, (run, ending) => {
        expect(closersOf(run, ending)).toEqual([])
      }),
    )
    const open = openAfter([started])
    for (const event of finalizeRun(open, stopped)) open.observe(event)
    expect(finalizeRun(open, stopped)).toEqual([])
  })

  it('has nothing open after a terminal event', () => {
    const open = openAfter([
      started,
      { type: 'RUN_FINISHED' },
      { type: 'TEXT_MESSAGE_START', messageId: 'm' },
    ])
    expect(open.ended).toBe(true)
    expect(open.texts.size).toBe(0)
  })

  it('starts a run that was stopped before its first event', () => {
    const input = { ...ids, state: {}, messages: [], tools: [], context: [], forwardedProps: {} }
    expect(closersOf([], { ...stopped, input })).toEqual([
      { ...started, input },
      { type: 'RUN_FINISHED', ...ids },
    ])
    expect(closersOf([], stopped)).toEqual([started, { type: 'RUN_FINISHED', ...ids }])
  })

  it('leaves no phantom of a run that failed before its first event', () => {
    expect(closersOf([], { ...ids, reason: 'failed', message: 'No model' })).toEqual([
      { type: 'RUN_ERROR', message: 'No model', code: 'INCOMPLETE_STREAM' },
    ])
    expect(closersOf([], ended)).toEqual([
      {
        type: 'RUN_ERROR',
        message: 'Run ended without emitting a terminal event',
        code: 'INCOMPLETE_STREAM',
      },
    ])
  })

  it('closes inner things first', () => {
    const broken = [
      started,
      { type: 'STEP_STARTED', stepName: 'plan' },
      { type: 'SUBAGENT_STARTED', subagentRunId: 's', name: 'helper' },
      { type: 'STEP_STARTED', stepName: 'plan', subagentRunId: 's' },
      { type: 'REASONING_START', messageId: 'span' },
      { type: 'REASONING_MESSAGE_START', messageId: 'thought', role: 'reasoning' },
      { type: 'THINKING_START' },
      { type: 'THINKING_TEXT_MESSAGE_START' },
      { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' },
      { type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'search' },
    ]
    const message = 'Its worker is gone'
    const closers = closersOf(broken, { ...ids, reason: 'failed', message, code: 'WORKER_LOST' })
    expect(closers).toEqual([
      { type: 'TEXT_MESSAGE_END', messageId: 'm' },
      { type: 'TOOL_CALL_END', toolCallId: 'c' },
      {
        type: 'TOOL_CALL_RESULT',
        toolCallId: 'c',
        messageId: 'c-result',
        role: 'tool',
        content: JSON.stringify({ status: 'error', reason: 'missing_terminal_event', message }),
      },
      { type: 'REASONING_MESSAGE_END', messageId: 'thought' },
      { type: 'THINKING_TEXT_MESSAGE_END' },
      { type: 'THINKING_END' },
      { type: 'REASONING_END', messageId: 'span' },
      { type: 'STEP_FINISHED', stepName: 'plan', subagentRunId: 's' },
      { type: 'SUBAGENT_ERROR', subagentRunId: 's', message, code: 'WORKER_LOST' },
      { type: 'STEP_FINISHED', stepName: 'plan' },
      { type: 'RUN_ERROR', message, code: 'WORKER_LOST' },
    ])
  })
})

describe('closeReasoning', () => {
  const left = [
    started,
    { type: 'REASONING_START', messageId: 'span' },
    { type: 'REASONING_MESSAGE_START', messageId: 'thought', role: 'reasoning' },
    { type: 'THINKING_START' },
    { type: 'THINKING_TEXT_MESSAGE_START' },
  ] as BaseEvent[]
  const finished = { type: 'RUN_FINISHED', ...ids } as BaseEvent

  it.each(CLIENTS)('lets AG-UI client %s accept a RUN_FINISHED amid reasoning', async (version, client) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const asItIs = replay(client, [...left, finished])
    if (version === '1.0.0') await expect(asItIs).rejects.toThrow(/still active/)
    else await asItIs
    await replay(client, [...left, ...closeReasoning(openAfter(left)), finished])
  })

  it('closes nothing else', () => {
    const step = { type: 'STEP_STARTED', stepName: 'plan' }
    expect(closeReasoning(openAfter([started, step]))).toEqual([])
  })
})
