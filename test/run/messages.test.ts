import { type BaseEvent, type RunAgentInput, RunAgentInputSchema } from '@ag-ui/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { knownMessageIds, startedInput, withStartedInput } from '../../src/run/messages.ts'
import { arbitraryRun } from './arbitrary-run.ts'

const input: RunAgentInput = {
  threadId: 't',
  runId: 'r',
  state: { n: 1 },
  messages: [
    { id: 'old', role: 'user', content: 'Hello' },
    { id: 'new', role: 'user', content: 'And now?' },
  ],
  tools: [],
  context: [],
  forwardedProps: { theme: 'dark' },
}
const withHeaders = { ...input, headers: { authorization: 'Bearer secret' } }

describe('knownMessageIds', () => {
  it('collects the ids of streamed, given and restated messages', () => {
    const events = [
      { type: 'RUN_STARTED', input: { messages: [{ id: 'asked' }, {}, null] } },
      { type: 'TEXT_MESSAGE_START', messageId: 'said' },
      { type: 'TOOL_CALL_RESULT', toolCallId: 'c', messageId: 'found' },
      { type: 'MESSAGES_SNAPSHOT', messages: [{ id: 'restated' }] },
      { type: 'RUN_FINISHED' },
    ]
    expect(knownMessageIds(events)).toEqual(new Set(['asked', 'said', 'found', 'restated']))
  })

  it('adds up over runs', () => {
    const run = fc.array(arbitraryRun({ threadId: 't', runId: 'r' }), { maxLength: 3 })
    fc.assert(
      fc.property(run, (runs) => {
        const known = new Set<string>()
        for (const events of runs) knownMessageIds(events, known)
        expect(known).toEqual(knownMessageIds(runs.flat()))
      }),
    )
  })

  it('bears with a RUN_STARTED that has no input', () => {
    expect(knownMessageIds([{ type: 'RUN_STARTED' }, { type: 'RUN_STARTED', input: null }]).size).toBe(0)
  })
})

describe('startedInput', () => {
  it('holds only the messages that are new to the thread', () => {
    const started = startedInput(input, new Set(['old']))
    expect(started).toEqual({ ...input, messages: [input.messages[1]] })
    expect(input.messages).toHaveLength(2)
  })

  it('holds nothing that RunAgentInput does not name', () => {
    const started = startedInput(withHeaders, new Set())
    expect(started).toEqual(input)
    expect(RunAgentInputSchema.strict().parse(started)).toEqual(input)
  })
})

describe('withStartedInput', () => {
  const started = { type: 'RUN_STARTED', threadId: 't', runId: 'r' } as BaseEvent

  it("gives RUN_STARTED the run's input, in a copy", () => {
    const event = withStartedInput(started, withHeaders, new Set(['old']))
    expect(event).toEqual({ ...started, input: { ...input, messages: [input.messages[1]] } })
    expect(started).not.toHaveProperty('input')
  })

  it("leaves the agent's own messages, but no headers", () => {
    const event = withStartedInput({ ...started, input: withHeaders } as BaseEvent, input, new Set(['old']))
    expect(event).toEqual({ ...started, input })
  })

  it('leaves other events alone', () => {
    const other = { type: 'TEXT_MESSAGE_END', messageId: 'm' } as BaseEvent
    expect(withStartedInput(other, input, new Set())).toBe(other)
  })
})
