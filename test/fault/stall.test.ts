import { firstValueFrom, skip } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'
import { startBroker } from '../../src/broker/index.ts'
import { KafkaAgentRunner } from '../../src/index.ts'
import { createApp } from '../../src/serve/app.ts'
import { listenOn } from '../http/stack.ts'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor, typesOf, verify } from '../support/events.ts'
import { quiet } from '../support/quiet.ts'

const LIMITS = { appendTimeoutMs: 2_000, readTimeoutMs: 2_000 }

it('ends in a named error when the brokers stay away beyond the limit, /readyz says so, and the thread goes on afterwards', {
  timeout: 120_000,
}, async () => {
  const broker = await startBroker()
  onTestFinished(() => broker.stop())
  const kafka = { brokers: broker.brokers, requestTimeoutMs: 2_000, connectTimeoutMs: 1_000 }
  const runner = new KafkaAgentRunner({ kafka, logger: quiet, ...LIMITS, worker: { stopGraceMs: 500 } })
  onTestFinished(() => runner.close())
  const app = await listenOn(createApp({ runner, logger: quiet }))
  onTestFinished(() => app.close())
  const aborted = Promise.withResolvers<void>()
  const agent = new ScriptedAgent(async function* (input, signal) {
    signal.addEventListener('abort', () => aborted.resolve())
    yield* talker(100_000, 20)(input, signal)
  })
  const run = runner.run({ threadId: 't', agent, input: inputFor('t') })
  const events = collect(run)
  await firstValueFrom(run.pipe(skip(5)))
  const reading = collect(runner.connect({ threadId: 't' }))
  reading.catch(() => {})
  expect((await fetch(`${app.url}/readyz`)).status).toBe(200)

  await broker.nodes[0]!.kill()
  expect((await events).at(-1)).toMatchObject({ type: 'RUN_ERROR', code: 'READ_FAILED' })
  await expect(reading).rejects.toMatchObject({ code: 'READ_FAILED' })
  // The agent is told: nothing that it says can be kept.
  await aborted.promise
  const ready = await fetch(`${app.url}/readyz`)
  expect(ready.status).toBe(503)
  expect(await ready.json()).toMatchObject({ ready: false, error: 'BROKER_UNAVAILABLE' })

  await broker.nodes[0]!.start()
  await expect.poll(async () => (await fetch(`${app.url}/readyz`)).status, { timeout: 30_000 }).toBe(200)
  await expect.poll(() => runner.isRunning({ threadId: 't' }), { timeout: 30_000 }).toBe(false)
  const next = await collect(
    runner.run({ threadId: 't', agent: new ScriptedAgent(talker(3)), input: inputFor('t') }),
  )
  expect(typesOf(next).at(-1)).toBe('RUN_FINISHED')
  const replayed = await collect(runner.connect({ threadId: 't' }))
  await verify(replayed)
  expect(replayed.find((event) => String(event.type) === 'RUN_ERROR')).toMatchObject({ code: 'WORKER_LOST' })
})
