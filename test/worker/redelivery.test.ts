import { expect, it } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { sharedTopics, workerGroup } from '../../src/topics.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { committedOf, useTopic } from '../support/topic.ts'
import { useHands } from './by-hand.ts'

it('does not execute a command again that was delivered twice', async () => {
  const kafka = useKafka()
  const hands = useHands(kafka)
  let executed = 0
  const counting = new ScriptedAgent(async function* (input, signal) {
    executed += 1
    yield* talker(5, 10)(input, signal)
  }, 'counting')
  const runner = kafka.runner()
  await runner.start()
  const first = hands.commandFor(inputFor('t'), 'counting')
  const last = hands.commandFor(inputFor('t'), 'counting')
  // Twice before it runs, and once more when it has ended.
  await hands.send(first, first)
  await kafka.worker({ agents: { counting } })
  while ((await runner.status('t'))?.runs[0]?.status !== 'finished') await sleep(10)
  await hands.send(first, last)
  while ((await runner.status('t'))?.runs[1]?.status !== 'finished') await sleep(10)

  expect(executed).toBe(2)
  expect(textOf(await collect(runner.connect({ threadId: 't' })))).toBe(talkOf(5) + talkOf(5))
})

it('publishes what a worker that died had not, once as consumers see it, and lets it be committed', async () => {
  const kafka = useKafka()
  const hands = useHands(kafka)
  const runner = kafka.runner()
  await runner.start()
  const input = inputFor('t')
  const { threadId, runId } = input
  const command = hands.commandFor(input, 'talker')
  const claim = hands.claimFor(command, { workerId: 'died before it published' })
  await hands.logs.ensure('t')
  await hands.logs.append('t', [
    claim,
    hands.eventOf(claim.claimId, 1, { type: 'RUN_STARTED', threadId, runId, input }),
    hands.eventOf(claim.claimId, 2, { type: 'RUN_FINISHED', threadId, runId }),
  ])
  await hands.send(command, command)
  const lifecycle = useTopic(kafka.brokers, sharedTopics(kafka.prefix, 3).runs.name)
  await kafka.worker({ agents: { talker: new ScriptedAgent(talker(3), 'talker') } })
  const { commands } = sharedTopics(kafka.prefix, 3)
  await expect
    .poll(() => committedOf(kafka.brokers, workerGroup(kafka.prefix), commands.name), { timeout: 20_000 })
    .toBe(2)
  await expect.poll(() => lifecycle.records.length, { timeout: 20_000 }).toBeGreaterThan(1)
  const told = lifecycle.records.map(({ value }) => JSON.parse(value ?? 'null'))
  expect(new Set(told.map(({ id }) => id))).toEqual(new Set([`${command.commandId}/ended`]))
  expect(told.at(-1)).toMatchObject({ fact: 'finished', runId, lastSeq: 2 })
  expect(told.at(-1).events.map(({ type }: { type: string }) => type)).toEqual([
    'RUN_STARTED',
    'RUN_FINISHED',
  ])
  // Word for word: the run record, from which a later worker tells it, holds what the raw events held.
  for (const again of told) expect(again).toEqual(told[0])
})
