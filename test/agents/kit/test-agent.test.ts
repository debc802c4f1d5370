import { AbstractAgent, type BaseEvent, type RunAgentInput } from '@ag-ui/client'
import { from, type Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { defineAgent } from '../../../src/agents/kit/define-agent.ts'
import { printEvents, testAgent } from '../../../src/agents/kit/test-agent.ts'

class Plain extends AbstractAgent {
  readonly #events: object[]

  constructor(events: object[]) {
    super()
    this.#events = events
  }

  run({ threadId, runId }: RunAgentInput): Observable<BaseEvent> {
    return from(this.#events.map((event) => ({ threadId, runId, ...event }) as never as BaseEvent))
  }
}

const STARTED = { type: 'RUN_STARTED' }
const FINISHED = { type: 'RUN_FINISHED' }

describe('testAgent', () => {
  it('gives what came of a run of any agent', async () => {
    const agent = defineAgent({
      play: async ({ events, input }) => {
        events.reasoning('Hm. ')
        events.text('One, ')
        events.text('two.')
        events.emit({ type: 'STATE_SNAPSHOT', snapshot: { asked: input.messages.length } })
        return { result: 2 }
      },
    })
    const run = await testAgent(agent(), { message: 'Count' })
    expect(run).toMatchObject({
      text: 'One, two.',
      state: { asked: 1 },
      terminal: { type: 'RUN_FINISHED', result: 2 },
    })
    expect(run.messages.map(({ role }) => role)).toEqual(['user', 'reasoning', 'assistant'])
    expect(printEvents(run.events).split('\n')[0]).toMatch(/^RUN_STARTED \{"threadId":"test-thread"/)
    expect((await testAgent(new Plain([STARTED, FINISHED]))).events).toHaveLength(2)
  })

  it.each([
    ['nothing that ends the run', [STARTED], /0 terminal events/],
    [
      'an event that the verifier refuses',
      [STARTED, { type: 'TEXT_MESSAGE_END', messageId: 'm' }],
      /TEXT_MESSAGE_END/,
    ],
    ['no start', [FINISHED], /RUN_STARTED/],
  ])('fails, and shows the events, where the agent emits %s', async (_what, events, message) => {
    await expect(testAgent(new Plain(events))).rejects.toThrow(message)
    await expect(testAgent(new Plain(events))).rejects.toThrow(/Events so far:/)
  })

  it('ends with RUN_ERROR what an agent throws, without its secrets, with what was open closed', async () => {
    const agent = defineAgent({
      secrets: ['sk-very-secret'],
      play: ({ events }) => {
        events.text('I will ')
        events.startStep('look')
        throw new Error('the key sk-very-secret is wrong')
      },
    })
    const { events, terminal } = await testAgent(agent())
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'AGENT_FAILED', message: 'the key … is wrong' })
    expect(events.map(({ type }) => type).slice(-3)).toEqual([
      'TEXT_MESSAGE_END',
      'STEP_FINISHED',
      'RUN_ERROR',
    ])
  })

  it('lets an agent wait for a person: messages and state come before the interrupt', async () => {
    const agent = defineAgent({
      play: async ({ events, input }) => {
        if (input.resume?.length) return void events.text('Thank you.')
        events.text('May I?')
        return { interrupts: [{ id: 'i', reason: 'approval', message: 'May I?' }] }
      },
    })
    const asked = await testAgent(agent())
    expect(asked.interrupts).toMatchObject([{ id: 'i' }])
    const snapshot = asked.events.find(({ type }) => type === 'MESSAGES_SNAPSHOT')
    expect(snapshot?.messages).toMatchObject([{ role: 'user' }, { role: 'assistant', content: 'May I?' }])
    const resumed = agent()
    resumed.pendingInterrupts = asked.interrupts
    const resume = [{ interruptId: 'i', status: 'resolved' as const }]
    expect((await testAgent(resumed, { input: { resume } })).text).toBe('Thank you.')
  })
})
