import { expect, it } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
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
