import { describe, expect, it } from 'vitest'
import type { AgentHooks } from '../../../src/agents/built-in/hooks.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { fakeTools } from './fake-tools.ts'
import { useAgent } from './use-agent.ts'

const recording = (told: string[]): AgentHooks => ({
  onBegin: ({ input }) => void told.push(`begin ${input.runId}`),
  onToolStart: async (_, { name, args }) => void told.push(`start ${name} ${args}`),
  onToolEnd: (_, { name }, { content }) => void told.push(`end ${name} ${content}`),
  onDone: (_, end, error) => void told.push(`done ${end} ${error instanceof Error ? error.message : ''}`),
})

const calls = [{ name: 'look', args: '{}' }]

describe('hooks', () => {
  it('are told of what the agent does, in order', async () => {
    const told: string[] = []
    const tools = fakeTools({ look: { gives: 'Bright.' } })
    const { model, run } = await useAgent({}, { openTools: tools.open, hooks: recording(told) })
    model.reply({ calls })
    await run()
    expect(told).toEqual(['begin test-run', 'start look {}', 'end look Bright.', 'done finished '])
  })

  it.each([
    ['interrupted', { look: { approval: true } }, {}],
    ['failed', {}, { status: 400, body: { error: { message: 'Too long' } } }],
  ])('are told how it ended: %s', async (end, tools, reply) => {
    const told: string[] = []
    const { model, run } = await useAgent({}, { openTools: fakeTools(tools).open, hooks: recording(told) })
    model.reply({ calls, ...reply } as never)
    await run()
    expect(told.at(-1)).toMatch(`done ${end}`)
  })

  it('are told of a stop', async () => {
    const told: string[] = []
    const { model, make } = await useAgent({}, { openTools: fakeTools({}).open, hooks: recording(told) })
    model.play('slow')
    const agent = make()
    agent.setMessages([{ id: 'm', role: 'user', content: 'Hello' }])
    const running = agent.runAgent({}, { onTextMessageContentEvent: () => agent.abortRun() })
    await running
    expect(told.at(-1)).toMatch('done stopped')
  })

  it('change nothing by what they throw, and it is logged', async () => {
    const fail = () => {
      throw new Error('a hook of mine')
    }
    const hooks: AgentHooks = {
      onBegin: fail,
      onToolStart: async () => fail(),
      onToolEnd: fail,
      onDone: fail,
    }
    const { model, run, logged } = await useAgent({}, { openTools: fakeTools({ look: {} }).open, hooks })
    model.reply({ calls })
    expect((await run()).text).toBe(ANSWER)
    expect(logged.filter((line) => line.includes('a hook of mine'))).toHaveLength(4)
  })

  it('do not keep a run that was stopped', async () => {
    const begun = Promise.withResolvers<void>()
    const hooks: AgentHooks = {
      onBegin: () => {
        begun.resolve()
        return new Promise(() => {})
      },
    }
    const { make } = await useAgent({}, { openTools: fakeTools({}).open, hooks })
    const agent = make()
    agent.setMessages([{ id: 'm', role: 'user', content: 'Hello' }])
    const running = agent.runAgent()
    await begun.promise
    const from = performance.now()
    agent.abortRun()
    await running
    expect(performance.now() - from).toBeLessThan(500)
  })
})
