import { expect, it, onTestFinished } from 'vitest'
import { startBroker } from '../../src/broker/index.ts'
import { KafkaAgentRunner } from '../../src/index.ts'
import { sleep } from '../../src/sleep.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf, verify } from '../support/events.ts'

const quiet = { info: () => {}, warn: () => {}, error: () => {} }
const THREADS = ['a', 'b', 'c', 'd', 'e', 'f']

it('goes on with all runs, in order and without doubles or gaps, while one of three brokers is killed and comes back', {
  timeout: 180_000,
}, async () => {
  const cluster = await startBroker({ nodes: 3 })
  onTestFinished(() => cluster.stop())
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
