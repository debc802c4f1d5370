import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startBroker } from '../../src/broker/index.ts'
import { KafkaAgentRunner } from '../../src/index.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf, verify } from '../support/events.ts'

it('keeps a thread over a restart of everything, the broker too', { timeout: 60_000 }, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'kar-restart-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const input = inputFor('t')

  const first = await startBroker({ dataDir })
  const before = new KafkaAgentRunner({ kafka: { brokers: first.brokers } })
  await collect(before.run({ threadId: 't', agent: new ScriptedAgent(talker(5)), input }))
  await before.close()
  await first.stop()

  const second = await startBroker({ dataDir })
  onTestFinished(() => second.stop())
  const after = new KafkaAgentRunner({ kafka: { brokers: second.brokers } })
  onTestFinished(() => after.close())
  expect(second.brokers).toEqual(first.brokers)
  const replayed = await collect(after.connect({ threadId: 't' }))
  expect(textOf(replayed)).toBe(talkOf(5))

  const { messages } = input
  const again = inputFor('t', { messages: [...messages, { id: 'u2', role: 'user', content: 'More' }] })
  await collect(after.run({ threadId: 't', agent: new ScriptedAgent(talker(2)), input: again }))
  const both = await collect(after.connect({ threadId: 't' }))
  expect(textOf(both)).toBe(talkOf(5) + talkOf(2))
  await verify(both)
  expect((await after.status('t'))?.runs.map(({ status }) => status)).toEqual(['finished', 'finished'])
})
