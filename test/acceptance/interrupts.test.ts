import { expect, it } from 'vitest'
import { type Script, ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor, verify } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'

const INTERRUPT = { id: 'approve-1', reason: 'approval', message: 'Delete all of it?' }

const asks: Script = async function* ({ threadId, runId }) {
  yield { type: 'RUN_STARTED', threadId, runId }
  yield { type: 'RUN_FINISHED', threadId, runId, outcome: { type: 'interrupt', interrupts: [INTERRUPT] } }
}

/** Tells what it finds pending, as an agent that goes on from there would look at it. */
class Resuming extends ScriptedAgent {
  constructor() {
    super(talker(1), 'resuming')
  }

  override run(input: Parameters<ScriptedAgent['run']>[0]) {
    const pending = structuredClone(this.pendingInterrupts)
    const { threadId, runId, resume } = input
    return new ScriptedAgent(async function* () {
      yield { type: 'RUN_STARTED', threadId, runId }
      yield { type: 'CUSTOM', name: 'resumed', value: { pending, resume } }
      yield { type: 'RUN_FINISHED', threadId, runId }
    }).run(input)
  }

  override clone() {
    return new Resuming()
  }
}

it('a run that ends with an interrupt is finished, and its resuming run, on another worker, sees what is pending', async () => {
  const kafka = useKafka()
  const agents = { asks: () => new ScriptedAgent(asks, 'asks'), resuming: () => new Resuming() }
  const first = await kafka.worker({ agents })
  const runner = kafka.runner()
  const asked = await collect(
    runner.run({ threadId: 't', agent: new ScriptedAgent(asks, 'asks'), input: inputFor('t') }),
  )
  expect(asked.at(-1)).toMatchObject({ outcome: { interrupts: [INTERRUPT] } })
  expect(await runner.isRunning({ threadId: 't' })).toBe(false)
  await first.stop({ drainTimeoutMs: 0 })
  await kafka.worker({ agents })

  const resume = [{ interruptId: INTERRUPT.id, status: 'resolved' as const, payload: { yes: true } }]
  const resumed = await collect(
    runner.run({ threadId: 't', agent: new Resuming(), input: inputFor('t', { resume }) }),
  )
  expect(resumed[1]).toMatchObject({ value: { pending: [INTERRUPT], resume } })
  await verify(await collect(runner.connect({ threadId: 't' })))

  // Answered: the next one has nothing pending, and one that answers what nobody asked is told so by AG-UI.
  const plain = await collect(
    runner.run({ threadId: 't', agent: new Resuming(), input: inputFor('t', { resume }) }),
  )
  expect(plain[1]).toMatchObject({ value: { pending: [] } })
})

it('a resuming run that leaves an interrupt open is refused as AG-UI’s client refuses it', async () => {
  const kafka = useKafka()
  const agents = { asks: () => new ScriptedAgent(asks, 'asks'), resuming: () => new Resuming() }
  await kafka.worker({ agents })
  const runner = kafka.runner()
  await collect(runner.run({ threadId: 't', agent: new ScriptedAgent(asks, 'asks'), input: inputFor('t') }))
  const resume = [{ interruptId: 'another', status: 'resolved' as const }]
  const events = await collect(
    runner.run({ threadId: 't', agent: new Resuming(), input: inputFor('t', { resume }) }),
  )
  expect(events.at(-1)).toMatchObject({ type: 'RUN_ERROR' })
  expect(events.at(-1)?.message).toContain(INTERRUPT.id)
})
