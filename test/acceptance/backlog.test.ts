import { expect, it } from 'vitest'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor, typesOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'
import { useHands } from '../worker/by-hand.ts'

const BACKLOG = 10_000

it('a stop ends a run while its worker is full and 10,000 commands wait behind it in its partition', {
  timeout: 60_000,
}, async () => {
  const kafka = useKafka()
  const endless = () => new ScriptedAgent(talker(100_000, 20), 'endless')
  const [one, two] = [kafka.runner({ commandPartitions: 1 }), kafka.runner({ commandPartitions: 1 })]
  await kafka.worker({ agents: { endless }, maxConcurrentRuns: 1, commandPartitions: 1, logger: quiet })
  const running = collect(one.run({ threadId: 'busy', agent: endless(), input: inputFor('busy') }))
  await expect.poll(() => two.status('busy'), { timeout: 20_000 }).toMatchObject({ running: true })

  const hands = useHands(kafka)
  const commands = Array.from({ length: BACKLOG }, () => hands.commandFor(inputFor('waiting'), 'nobody'))
  await hands.send(...commands)
  const last = inputFor('last')
  const waiting = collect(one.run({ threadId: 'last', agent: endless(), input: last }))
  // The last one is told to stop before anybody has seen it: by a process that knows it from the topic alone.
  const early = two.stop({ threadId: 'last', runId: last.runId })
  expect(await two.stop({ threadId: 'busy' })).toBe(true)
  expect(typesOf(await running).at(-1)).toBe('RUN_FINISHED')
  await expect(early).resolves.not.toBe(false)
  expect(await two.stop({ threadId: 'last', runId: 'no such run' })).toBe(false)
  await one.close()
  await waiting
})
