import { expect, it } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor, typesOf, verify } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'
import { useHands } from './by-hand.ts'

it('closes the run of a lost worker with WORKER_LOST, and shows what it had written', async () => {
  const kafka = useKafka()
  const hands = useHands(kafka)
  const runner = kafka.runner()
  await runner.start()
  const input = inputFor('t')
  const command = hands.commandFor(input, 'talker')
  const claim = hands.claimFor(command, { workerId: 'lost' })
  const { threadId, runId } = input
  await hands.logs.ensure('t')
  await hands.logs.append('t', [
    claim,
    hands.eventOf(claim.claimId, 1, { type: 'RUN_STARTED', threadId, runId, input }),
    hands.eventOf(claim.claimId, 2, { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' }),
  ])
  await hands.send(command)
  const agents = { talker: new ScriptedAgent(talker(3), 'talker') }
  await kafka.worker({ agents, presenceLimitMs: 300, presenceIntervalMs: 100, logger: quiet })
  while ((await runner.status('t'))?.runs[0]?.status !== 'failed') await sleep(20)

  const events = await collect(runner.connect({ threadId: 't' }))
  expect(typesOf(events)).toEqual(['RUN_STARTED', 'TEXT_MESSAGE_START', 'TEXT_MESSAGE_END', 'RUN_ERROR'])
  expect(events.at(-1)).toMatchObject({ code: 'WORKER_LOST', message: expect.stringContaining('lost') })
  await verify(events)
})
