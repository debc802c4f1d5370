import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Broker, startBroker } from '../../src/broker/index.ts'
import { KafkaAgentRunner } from '../../src/index.ts'
import { sleep } from '../../src/sleep.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf, verify } from '../support/events.ts'
import { follow, record, useLogIo } from '../support/log-io.ts'
import { quiet } from '../support/quiet.ts'

const THREADS = ['a', 'b', 'c', 'd', 'e', 'f']

describe('three brokers', { timeout: 180_000 }, () => {
  let cluster: Broker
  beforeAll(async () => {
    cluster = await startBroker({ nodes: 3 })
  }, 120_000)
  afterAll(() => cluster?.stop())

  it('goes on with all runs, in order and without doubles or gaps, while one of three brokers is killed and comes back', async () => {
    const kafka = { brokers: cluster.brokers, replicationFactor: 3 }
    const runner = new KafkaAgentRunner({ kafka, logger: quiet })
    const reader = new KafkaAgentRunner({ kafka, worker: false, logger: quiet })
    onTestFinished(async () => {
      await Promise.all([runner.close(), reader.close()])
    })
    await runner.start()
    const agent = () => new ScriptedAgent(talker(300, 50))
    const live = THREADS.map((threadId) =>
      collect(runner.run({ threadId, agent: agent(), input: inputFor(threadId) })),
    )
    for (const threadId of THREADS)
      await expect.poll(() => reader.isRunning({ threadId }), { timeout: 20_000 }).toBe(true)
    const elsewhere = THREADS.map((threadId) => collect(reader.connect({ threadId })))
    // Each leads about a third of the threads and of the shared topics: what this one has moves.
    const [node] = cluster.nodes
    await node?.kill()
    await sleep(3_000)
    await node?.start()
    for (const [index, threadId] of THREADS.entries()) {
      const events = await live[index]!
      expect(textOf(events)).toBe(talkOf(300))
      expect(await elsewhere[index]).toEqual(events)
      const replayed = await collect(reader.connect({ threadId }))
      expect(textOf(replayed)).toBe(talkOf(300))
      await verify(replayed)
    }
  })

  it('acknowledges nothing that too few replicas have, and shows it to nobody', async () => {
    const io = useLogIo({ brokers: cluster.brokers, appendTimeoutMs: 5_000 })
    await io.cluster.createTopic(io.topic, { 'min.insync.replicas': '3' })
    const reader = follow(io.tail, io.topic)
    const patient = useLogIo({ brokers: cluster.brokers, appendTimeoutMs: 60_000 })
    await patient.appender.append(io.topic, () => [record('before')])

    const victim = cluster.nodes[2]!
    await victim.kill()
    await expect(io.appender.append(io.topic, () => [record('while')])).rejects.toMatchObject({
      code: 'APPEND_FAILED',
    })
    expect(reader.records.map(({ key }) => key)).toEqual(['before'])

    await victim.start()
    await patient.appender.append(io.topic, () => [record('after')])
    while (!reader.records.some(({ key }) => key === 'after')) await sleep(20)
    // What failed may have landed; what was acknowledged is there, in order.
    const keys = reader.records.map(({ key }) => key).filter((key) => !key.startsWith('while'))
    expect(keys).toEqual(['before', 'after'])
  })
})
