import { describe, expect, it, onTestFinished } from 'vitest'
import { KafkaAgentRunner } from '../../src/runner/kafka-agent-runner.ts'
import { createApp } from '../../src/serve/app.ts'
import { jsonOf, listenOn, startStack } from './stack.ts'

describe('/healthz and /readyz', () => {
  it('tell a process that lives from one that could run something', async () => {
    const stack = await startStack({ workers: 0 })
    onTestFinished(() => stack.close())
    expect((await fetch(`${stack.url}/healthz`)).status).toBe(200)
    const idle = await fetch(`${stack.url}/readyz`)
    expect(idle.status).toBe(503)
    expect(await idle.json()).toMatchObject({ ready: false, error: 'NO_WORKER' })
  })

  it('are ready with a worker', async () => {
    const stack = await startStack()
    onTestFinished(() => stack.close())
    const ready = await fetch(`${stack.url}/readyz`)
    expect(ready.status).toBe(200)
    expect(await ready.json()).toEqual({ ready: true, workers: 1, agents: ['demo', 'slow'] })
  })

  it('are not ready without brokers, and say so in bounded time; runs are refused with 503', async () => {
    const runner = new KafkaAgentRunner({ kafka: { brokers: ['127.0.0.1:1'] }, worker: false })
    onTestFinished(() => runner.close())
    const server = await listenOn(createApp({ runner }))
    onTestFinished(() => server.close())
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    const answer = await fetch(`${server.url}/readyz`)
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ ready: false, error: 'BROKER_UNAVAILABLE' })
    const run = await fetch(`${server.url}/agents/demo/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"threadId":"t","messages":[]}',
    })
    expect([run.status, (await jsonOf(run)).error]).toEqual([503, 'BROKER_UNAVAILABLE'])
  })
})
