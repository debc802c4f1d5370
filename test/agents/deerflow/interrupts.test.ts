import type { Message, RunAgentInput } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { DeerflowAgent } from '../../../src/agents/deerflow/deerflow-agent.ts'
import { deerflowSettings } from '../../../src/agents/deerflow/settings.ts'
import { testAgent } from '../../../src/agents/kit/test-agent.ts'
import { LocalMemories } from '../../../src/agents/memory.ts'
import { useFake } from '../suite/fake-server.ts'
import { chunk, END, fakeGateway, frame, KEY, tool } from './fake-gateway.ts'

type Answer = NonNullable<RunAgentInput['resume']>[number]

/** A thread whose first run ends with what `frames` ask; each run is another worker's. */
const useAsked = async (frames: readonly string[]) => {
  const gateway = fakeGateway()
  const fake = await useFake(gateway.handler)
  const memory = new LocalMemories().of('thread')
  const settings = deerflowSettings.parse({ api_base: fake.url, api_key: KEY, timeout: 5 })
  const run = async (runId: string, input: Partial<RunAgentInput>) => {
    const agent = new DeerflowAgent(settings)
    agent.pendingInterrupts = (input.resume ?? []).map(({ interruptId }) => ({
      id: interruptId,
      reason: 'x',
    }))
    return testAgent(agent, { input: { threadId: 'thread', runId, ...input }, memory })
  }
  gateway.next(frames)
  const asked = await run('r1', { messages: [{ id: 'u', role: 'user', content: 'Deploy it' }] })
  gateway.next([chunk('Done.', { id: 'lc_run--2' }), END])
  const answer = (...resume: Answer[]) => run('r2', { messages: asked.messages, resume })
  const say = (content: string) =>
    run('r2', { messages: [...asked.messages, { id: 'u2', role: 'user', content }] as Message[] })
  const last = () => fake.requests.filter(({ path }) => path.endsWith('/runs/stream')).at(-1)?.body
  return { gateway, asked, answer, say, last, memory, fake }
}

const REQUEST_ID = 'clarification:call_1'

/** As ClarificationMiddleware of DeerFlow's harness builds it. */
const humanInput = (more: object = {}) => ({
  version: 1,
  kind: 'human_input_request',
  source: 'ask_clarification',
  request_id: REQUEST_ID,
  clarification_type: 'approach_choice',
  question: 'Where to?',
  context: 'Two places are set up.',
  input_mode: 'free_text',
  tool_call_id: 'call_1',
  ...more,
})

const calling = chunk('', {
  tool_call_chunks: [{ index: 0, id: 'call_1', name: 'ask_clarification', args: '{"question":"Where to?"}' }],
})

const asking = (human_input?: object) => [
  calling,
  tool('call_1', '🔀 Where to?', {
    id: REQUEST_ID,
    name: 'ask_clarification',
    ...(human_input !== undefined && { artifact: { human_input } }),
  }),
  frame('values', {
    messages: [
      {
        type: 'ai',
        id: 'lc_run--1',
        content: '',
        tool_calls: [{ id: 'call_1', name: 'ask_clarification', args: {} }],
      },
      {
        type: 'tool',
        id: REQUEST_ID,
        name: 'ask_clarification',
        content: '🔀 Where to?',
        tool_call_id: 'call_1',
      },
    ],
  }),
  END,
]

const OPTIONS = [
  { id: 'option-1', label: 'Staging', value: 'Staging' },
  { id: 'option-2', label: 'Production', value: 'Production' },
]

describe('a question of ask_clarification', () => {
  it('is an interrupt, and its call waits for the answer', async () => {
    const { asked } = await useAsked(
      asking(humanInput({ options: OPTIONS, input_mode: 'choice_with_other' })),
    )
    expect(asked.interrupts).toEqual([
      {
        id: REQUEST_ID,
        reason: 'input_required',
        message: 'Two places are set up.\n\nWhere to?',
        toolCallId: 'call_1',
        responseSchema: { anyOf: [{ type: 'string', enum: ['Staging', 'Production'] }, { type: 'string' }] },
        metadata: { human_input: expect.objectContaining({ question: 'Where to?' }) },
      },
    ])
    expect(asked.messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
  })

  it('is answered by the next message, as DeerFlow’s own view does it, on any worker', async () => {
    const { answer, last, memory } = await useAsked(
      asking(humanInput({ options: OPTIONS, input_mode: 'choice_with_other' })),
    )
    const run = await answer({ interruptId: REQUEST_ID, status: 'resolved', payload: 'option-2' })
    expect(last()).not.toHaveProperty('command')
    expect(last().input.messages).toEqual([
      {
        type: 'human',
        content: 'Production',
        additional_kwargs: {
          hide_from_ui: true,
          human_input_response: {
            version: 1,
            kind: 'human_input_response',
            source: 'ask_clarification',
            request_id: REQUEST_ID,
            response_kind: 'option',
            option_id: 'option-2',
            value: 'Production',
          },
        },
      },
    ])
    expect(run.events[1]).toMatchObject({
      type: 'TOOL_CALL_RESULT',
      toolCallId: 'call_1',
      content: 'Production',
    })
    expect(run.events.filter(({ type }) => type === 'TOOL_CALL_RESULT')).toHaveLength(1)
    expect([run.text, run.interrupts, memory.value]).toEqual(['Done.', [], { thread_id: 'thread' }])
  })

  it('may be a form, whose values go as JSON', async () => {
    const fields = [
      { name: 'day', label: 'Day', type: 'date', required: true },
      { name: 'where', label: 'Where', type: 'multi_select', options: OPTIONS },
      { name: 'sure', label: 'Sure?', type: 'checkbox' },
    ]
    const { asked, answer, last } = await useAsked(
      asking(humanInput({ version: 2, input_mode: 'form', fields })),
    )
    expect(asked.interrupts[0]?.responseSchema).toMatchObject({
      properties: {
        day: { title: 'Day', format: 'date' },
        where: { type: 'array' },
        sure: { type: 'boolean' },
      },
      required: ['day'],
    })
    await answer({ interruptId: REQUEST_ID, status: 'resolved', payload: { day: '2026-11-21', sure: true } })
    expect(last().input.messages[0].content).toBe('{"day":"2026-11-21","sure":true}')
  })

  it('is asked by DeerFlow 2.0.0 without a form', async () => {
    const { asked, answer, last } = await useAsked(asking())
    expect(asked.interrupts).toMatchObject([
      { id: REQUEST_ID, message: '🔀 Where to?', responseSchema: { type: 'string' } },
    ])
    await answer({ interruptId: REQUEST_ID, status: 'resolved', payload: { answer: 'Staging' } })
    expect(last().input.messages[0].content).toBe('Staging')
  })

  it('may be declined', async () => {
    const { answer, last } = await useAsked(asking(humanInput()))
    await answer({ interruptId: REQUEST_ID, status: 'cancelled' })
    expect(last().input.messages).toEqual([{ type: 'human', content: 'I would rather not answer this.' }])
  })

  it('may be answered by just saying something', async () => {
    const { say, last } = await useAsked(asking(humanInput()))
    const run = await say('Staging, please')
    expect(last().input.messages).toEqual([{ type: 'human', id: 'u2~r2', content: 'Staging, please' }])
    expect(run.events[1]).toMatchObject({ type: 'TOOL_CALL_RESULT', content: 'Staging, please' })
  })

  it('is a result like others where the agent goes on without an answer', async () => {
    const { asked } = await useAsked([
      ...asking().slice(0, 2),
      chunk('Then I decide.', { id: 'lc_run--3' }),
      END,
    ])
    expect(asked.interrupts).toEqual([])
    expect(asked.messages.slice(1)).toMatchObject([
      { toolCalls: [{ id: 'call_1' }] },
      { role: 'tool', content: '🔀 Where to?' },
      { content: 'Then I decide.' },
    ])
  })

  it('is answered with all that was said, where DeerFlow lost the thread', async () => {
    const { answer, gateway, last } = await useAsked(asking(humanInput()))
    gateway.forget()
    const run = await answer({ interruptId: REQUEST_ID, status: 'resolved', payload: 'Staging' })
    expect(last().input.messages).toMatchObject([{ content: 'Deploy it' }, { content: 'Staging' }])
    expect(run.events[1]).toMatchObject({ name: 'notice', value: { code: 'CONVERSATION_LOST' } })
  })
})

const waiting = (...interrupts: object[]) => [
  frame('values', { messages: [], title: 'T', __interrupt__: interrupts }),
  END,
]
const ONE = { id: '0123456789abcdef0123456789abcdef', value: { question: 'Sure?', reason: 'approval' } }
const TWO = { id: 'fedcba9876543210fedcba9876543210', value: 'And this?' }

describe('an interrupt of DeerFlow’s graph', () => {
  it('is one of the run, resumed by LangGraph’s command', async () => {
    const { asked, answer, last, gateway } = await useAsked(waiting(ONE))
    expect(asked.interrupts).toEqual([
      { id: ONE.id, reason: 'approval', message: 'Sure?', metadata: { value: ONE.value } },
    ])
    expect(asked.state).not.toHaveProperty('__interrupt__')
    gateway.record = { status: 'interrupted' }
    gateway.next(waiting(TWO))
    const again = await answer({ interruptId: ONE.id, status: 'resolved', payload: { yes: true } })
    expect(last()).toMatchObject({ command: { resume: { yes: true } } })
    expect(last()).not.toHaveProperty('input')
    expect(again.interrupts).toMatchObject([{ id: TWO.id, message: 'And this?', reason: 'input_required' }])
  })

  it('is told apart by its id among several', async () => {
    const { answer, last } = await useAsked(waiting(ONE, TWO))
    await answer(
      { interruptId: TWO.id, status: 'resolved', payload: 'yes' },
      { interruptId: ONE.id, status: 'cancelled' },
    )
    expect(last().command.resume).toEqual({
      [TWO.id]: 'yes',
      [ONE.id]: { __agui_cancelled__: true, interrupt_id: ONE.id },
    })
  })

  it('is answered though the answer is empty: DeerFlow takes null for none', async () => {
    const { answer, last } = await useAsked(waiting(ONE))
    await answer({ interruptId: ONE.id, status: 'resolved' })
    expect(last().command).toEqual({ resume: {} })
  })

  it('is refused where nothing waits for it', async () => {
    const { answer, fake } = await useAsked(waiting(ONE))
    const before = fake.requests.length
    const run = await answer({ interruptId: 'unheard-of', status: 'resolved' })
    expect(run.terminal).toMatchObject({ type: 'RUN_ERROR', code: 'INPUT_INVALID' })
    expect(run.terminal.message).toContain('"unheard-of"')
    expect(fake.requests).toHaveLength(before)
  })

  it('goes with its thread', async () => {
    const { answer, gateway } = await useAsked(waiting(ONE))
    gateway.forget()
    const run = await answer({ interruptId: ONE.id, status: 'resolved', payload: 1 })
    expect(run.terminal.message).toContain('Ask again')
  })
})
