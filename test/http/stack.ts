import { randomUUID } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inject } from 'vitest'
import { DemoAgent } from '../../src/demo/demo-agent.ts'
import { KafkaAgentRunner } from '../../src/runner/kafka-agent-runner.ts'
import { createApp } from '../../src/serve/app.ts'
import { createCopilotKit } from '../../src/serve/copilotkit.ts'
import { createWorker } from '../../src/worker/worker.ts'
import { ScriptedAgent, talker } from '../support/agents.ts'

const AGENTS = {
  demo: new DemoAgent({ agentId: 'demo', delayMs: 0 }),
  slow: new ScriptedAgent(talker(1_000, 20), 'slow'),
}

/** Listens on a free port until it is closed. */
export const listenOn = async (listener: RequestListener) => {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const { port } = server.address() as AddressInfo
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${port}`, close }
}

/** Two API processes' worth of servers on one broker, as `kar serve` makes them, and a worker. */
export const startStack = async ({ workers = 1 } = {}) => {
  const common = { kafka: { brokers: inject('kafkaBrokers') }, prefix: `test-${randomUUID().slice(0, 8)}` }
  const settings = { ...common, commandPartitions: 3 }
  const api = async () => {
    const runner = new KafkaAgentRunner({ ...settings, worker: false, forwardHeaders: ['x-tenant'] })
    const copilotKit = await createCopilotKit(runner, AGENTS)
    const server = await listenOn(createApp({ runner, copilotKit, forwardHeaders: ['x-tenant'] }))
    return { ...server, runner }
  }
  const apis = [await api(), await api()] as const
  const startWorker = async () => {
    const worker = createWorker({ ...settings, agents: AGENTS })
    await worker.start()
    return worker
  }
  const running = await Promise.all(Array.from({ length: workers }, startWorker))
  return {
    ...settings,
    url: apis[0].url,
    secondUrl: apis[1].url,
    runner: apis[0].runner,
    close: async () => {
      await Promise.all(running.map((worker) => worker.stop({ drainTimeoutMs: 0 })))
      await Promise.all(apis.map(({ close }) => close()))
      await Promise.all(apis.map(({ runner }) => runner.close()))
    },
  }
}

export type Stack = Awaited<ReturnType<typeof startStack>>

/** POSTs JSON, or a body as it is. */
export const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

interface Frame {
  id?: string
  event: { type: string; [field: string]: unknown }
}

/** The whole frames of a server-sent stream: their ids and events. */
export const framesOf = (stream: string): Frame[] =>
  stream
    .split('\n\n')
    .slice(0, -1)
    .flatMap((frame) => {
      const data = /^data: (.*)$/m.exec(frame)?.[1]
      return data === undefined ? [] : [{ id: /^id: (.*)$/m.exec(frame)?.[1], event: JSON.parse(data) }]
    })

/** The events of a server-sent stream. */
export const eventsOf = (stream: string): Frame['event'][] => framesOf(stream).map(({ event }) => event)

/** The text that the assistant's messages of a stream say, joined. */
export const saidIn = (stream: string): string =>
  eventsOf(stream)
    .map(({ type, delta }) => (type === 'TEXT_MESSAGE_CONTENT' ? delta : ''))
    .join('')

/** An answer's JSON object. */
export const jsonOf = async (answer: Response): Promise<Record<string, unknown>> =>
  (await answer.json()) as Record<string, unknown>
