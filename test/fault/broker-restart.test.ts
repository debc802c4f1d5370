import { firstValueFrom, skip } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'
import { startBroker } from '../../src/broker/index.ts'
import { KafkaAgentRunner } from '../../src/index.ts'
import { sleep } from '../../src/sleep.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf } from '../support/events.ts'

it('goes on with a run, in order and without doubles or gaps, when the only broker is killed and comes back', {
  timeout: 90_000,
}, async () => {
  const broker = await startBroker()
  onTestFinished(() => broker.stop())
  const logger = { info: () => {}, warn: () => {}, error: () => {} }
  const runner = new KafkaAgentRunner({ kafka: { brokers: broker.brokers }, logger })
  const reader = new KafkaAgentRunner({ kafka: { brokers: broker.brokers }, worker: false, logger })
  onTestFinished(async () => {
    await Promise.all([runner.close(), reader.close()])
  })
  const events = runner.run({
    threadId: 't',
    agent: new ScriptedAgent(talker(100, 50)),
    input: inputFor('t'),
  })
  await firstValueFrom(events.pipe(skip(5)))
  const elsewhere = collect(reader.connect({ threadId: 't' }))
  await sleep(500)
  await broker.nodes[0]?.kill()
  await sleep(500)
  await broker.nodes[0]?.start()

  const live = await collect(events)
  expect(textOf(live)).toBe(talkOf(100))
  expect(await elsewhere).toEqual(live)
  expect(textOf(await collect(reader.connect({ threadId: 't' })))).toBe(talkOf(100))
})
