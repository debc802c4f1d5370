import type { RunAgentInput } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { type AgentEnd, type AgentRun, StreamingAgent } from '../../src/agents/streaming-agent.ts'
import { collect, inputFor } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { useTopic } from '../support/topic.ts'

type Play = (run: AgentRun) => Promise<AgentEnd>

class PlayingAgent extends StreamingAgent<{ play: Play }> {
  protected override play(run: AgentRun): Promise<AgentEnd> {
    return this.settings.play(run)
  }
}

const agentOf = (play: Play) => () => new PlayingAgent({ play })

/** Says what it remembers, and remembers one run more. */
const counting = agentOf(async ({ events, memory }) => {
  const runs = Number(memory.value?.runs ?? 0)
  events.text(`${runs}`)
  memory.set({ runs: runs + 0.5 })
  memory.set({ runs: runs + 1 })
  return undefined
})

const useAgents = () => {
  const kafka = useKafka()
  const runner = kafka.runner({})
  const ask = async (agentId: string, threadId = 't') => {
    const events = await collect(
      runner.run({ threadId, agent: { agentId } as never, input: inputFor(threadId) }),
    )
    const said = events.map((event) => (event as { delta?: string }).delta ?? '').join('')
    return { said, last: events.at(-1) as { type?: string; code?: string } | undefined }
  }
  return { ...kafka, runner, ask }
}

describe('what an agent remembers of a thread', () => {
  it('is what the run before set, on another worker, and each agent’s own', async () => {
    const { worker, ask, prefix, brokers } = useAgents()
    const agents = { counting, other: counting }
    const first = await worker({ agents })
    expect((await ask('counting')).said).toBe('0')
    expect((await ask('counting')).said).toBe('1')
    expect((await ask('other')).said).toBe('0')
    await first.stop()
    await worker({ agents })
    expect((await ask('counting')).said).toBe('2')
    expect((await ask('other')).said).toBe('1')
    expect((await ask('counting', 'another thread')).said).toBe('0')
    const log = useTopic(brokers, `${prefix}.thread.t`)
    await expect
      .poll(
        () => log.records.filter(({ key, value }) => key?.startsWith('state.') && value === undefined).length,
      )
      .toBe(3)
  })

  it('is given to no client', async () => {
    const { worker, runner, ask } = useAgents()
    await worker({ agents: { counting } })
    await ask('counting')
    const events = await collect(runner.connect({ threadId: 't' }))
    expect(JSON.stringify(events)).not.toContain('"runs"')
  })

  it('has a limit, and an agent that passes it ends with MEMORY_TOO_LARGE', async () => {
    const { worker, ask } = useAgents()
    const greedy = agentOf(async ({ memory }) => {
      memory.set({ all: 'x'.repeat(64_000) })
      return undefined
    })
    await worker({ agents: { greedy } })
    expect((await ask('greedy')).last).toMatchObject({ type: 'RUN_ERROR', code: 'MEMORY_TOO_LARGE' })
  })

  it('is the thread’s of run(), whatever thread the agent that it is given says', async () => {
    const kafka = useKafka()
    const runner = kafka.runner({ worker: true })
    const said: string[] = []
    for (let at = 0; at < 2; at += 1) {
      const agent = counting()
      agent.agentId = 'counting'
      agent.threadId = `another-${at}`
      const input: RunAgentInput = inputFor('t')
      const events = await collect(runner.run({ threadId: 't', agent, input }))
      said.push(events.map((event) => (event as { delta?: string }).delta ?? '').join(''))
      expect(events[0]).toMatchObject({ type: 'RUN_STARTED', threadId: 't' })
    }
    expect(said).toEqual(['0', '1'])
  })
})
