import { describe, expect, it, onTestFinished } from 'vitest'
import { createApp } from '../../src/serve/app.ts'
import { listenOn } from '../http/stack.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf, typesOf, verify } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { startKar } from '../support/kar.ts'

const agents = {
  plain: () => new ScriptedAgent(talker(3), 'plain'),
  heavy: { agent: () => new ScriptedAgent(talker(30, 20), 'heavy'), pool: 'gpu' },
}
const called = (agentId: string) => new ScriptedAgent(talker(1), agentId)
const pools = { heavy: 'gpu' }

describe('pools', () => {
  it('run each agent on the workers of its pool, and never two runs of a thread at once', async () => {
    const kafka = useKafka()
    const plain = await kafka.worker({ agents })
    const gpu = await kafka.worker({ agents, pool: 'gpu' })
    const runner = kafka.runner({ pools })
    expect((await runner.workers()).map(({ pool, agents: ids }) => [pool, ids])).toEqual(
      expect.arrayContaining([
        [undefined, ['plain']],
        ['gpu', ['heavy']],
      ]),
    )
    const heavy = collect(runner.run({ threadId: 't', agent: called('heavy'), input: inputFor('t') }))
    await expect.poll(() => runner.status('t'), { timeout: 20_000 }).toMatchObject({ running: true })

    const other = kafka.runner({ pools })
    const refused = await collect(other.run({ threadId: 't', agent: called('plain'), input: inputFor('t') }))
    expect(refused).toMatchObject([{ type: 'RUN_ERROR', code: 'THREAD_BUSY' }])
    const request = { threadId: 't', agent: called('plain'), input: inputFor('t') }
    const queued = collect(other.run({ ...request, onConcurrentRun: 'enqueue' }))
    expect(textOf(await heavy)).toBe(talkOf(30))
    expect(textOf(await queued)).toBe(talkOf(3))
    const { runs = [] } = (await runner.status('t')) ?? {}
    expect(runs.map(({ agentId, workerId }) => [agentId, workerId])).toEqual([
      ['heavy', gpu.workerId],
      ['plain', plain.workerId],
    ])
    await verify(await collect(other.connect({ threadId: 't' })))
  })

  it('keep the commands of a pool that has no worker until one comes', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents })
    const runner = kafka.runner({ pools })
    const events = collect(runner.run({ threadId: 't', agent: called('heavy'), input: inputFor('t') }))
    await expect
      .poll(() => runner.pools())
      .toEqual([
        { pool: undefined, workers: 1, agents: ['plain'] },
        { pool: 'gpu', workers: 0, agents: ['heavy'] },
      ])
    const app = await listenOn(createApp({ runner }))
    onTestFinished(() => app.close())
    expect(await (await fetch(`${app.url}/readyz`)).json()).toEqual({
      ready: true,
      workers: 1,
      agents: ['plain'],
      pools: [{ pool: 'gpu', workers: 0, agents: ['heavy'] }],
      message: expect.stringContaining('kar worker --pool gpu'),
    })
    const env = {
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAR_PREFIX: kafka.prefix,
      KAR_COMMAND_PARTITIONS: '3',
    }
    const status = startKar(['status'], env)
    // It finds the pool by its topic alone.
    await status.line(/No worker takes the commands of pool "gpu"/)
    await kafka.worker({ agents, pool: 'gpu' })
    expect(textOf(await events)).toBe(talkOf(30))
  })

  it('stop a run that waits in a pool without a worker before it ever begins', async () => {
    const kafka = useKafka()
    const runner = kafka.runner({ pools, stopTimeoutMs: 500 })
    const events = collect(runner.run({ threadId: 't', agent: called('heavy'), input: inputFor('t') }))
    // Nobody is there to confirm it, from this process or another.
    expect(await runner.stop({ threadId: 't' })).toBeUndefined()
    await kafka.worker({ agents, pool: 'gpu' })
    expect(typesOf(await events)).toEqual(['RUN_STARTED', 'RUN_FINISHED'])
  })
})
