import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { BaseEvent, Message } from '@ag-ui/client'
import { afterAll, beforeAll, inject } from 'vitest'
import type { AnyEvent } from '../../../src/run/event.ts'
import { KafkaAgentRunner } from '../../../src/runner/kafka-agent-runner.ts'
import { createWorker, type Worker } from '../../../src/worker/index.ts'
import { quiet } from '../../support/quiet.ts'
import { startPlatforms } from './platforms.ts'

/** A run that was asked for. */
export interface Asking {
  /** Resolves with the first piece of the answer. */
  began: Promise<void>
  ended: Promise<Asked>
}

/** What came of it. */
export interface Asked {
  events: AnyEvent[]
  text: string
  last: AnyEvent | undefined
}

const PRESENCE = { presenceIntervalMs: 200, presenceLimitMs: 1_500 }

/** Fakes of all platforms, workers that have them as agents, and who asks. */
export const useWorkers = () => {
  const prefix = `agents-${randomUUID().slice(0, 8)}`
  const brokers = inject('kafkaBrokers')
  const common = { kafka: { brokers }, prefix, commandPartitions: 3 }
  const runner = new KafkaAgentRunner({ ...common, worker: false, logger: quiet })
  const workers: Worker[] = []
  const kills: (() => void)[] = []
  let made: Awaited<ReturnType<typeof startPlatforms>>
  beforeAll(async () => {
    made = await startPlatforms()
  })
  afterAll(async () => {
    for (const kill of kills) kill()
    await Promise.all(workers.map((worker) => worker.stop({ drainTimeoutMs: 0 })))
    await runner.close()
    await made.stop()
  })

  const process_ = async () => {
    const { presenceIntervalMs, presenceLimitMs } = PRESENCE
    const env = {
      ...process.env,
      KAFKA_BROKERS: brokers.join(),
      KAR_PREFIX: prefix,
      KAR_COMMAND_PARTITIONS: '3',
      KAR_PRESENCE_INTERVAL_MS: String(presenceIntervalMs),
      KAR_PRESENCE_LIMIT_MS: String(presenceLimitMs),
    }
    const child = spawn(process.execPath, ['src/cli/main.ts', 'worker', '--agents', made.file], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const kill = () => void child.kill('SIGKILL')
    kills.push(kill)
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        said += chunk
      })
    while (!said.includes('takes commands')) {
      if (child.exitCode !== null) throw new Error(`the worker ended before it was ready: ${said}`)
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
    }
    return { kill, said: () => said }
  }

  const ask = (agentId: string, content = 'How far is the moon?'): Asking => {
    const threadId = `thread-of-${agentId}`
    const runId = randomUUID()
    const messages = [{ id: `${runId}-message`, role: 'user', content }] as Message[]
    const input = { threadId, runId, messages, tools: [], context: [], state: {}, forwardedProps: {} }
    const events: AnyEvent[] = []
    const began = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<Asked>()
    runner.run({ threadId, agent: { agentId } as never, input }).subscribe({
      next: (event: BaseEvent) => {
        events.push(event as never)
        if ((event.type as string) === 'TEXT_MESSAGE_CONTENT') began.resolve()
      },
      error: ended.reject,
      complete: () => {
        began.resolve()
        const text = events.map(({ type, delta }) => (type === 'TEXT_MESSAGE_CONTENT' ? String(delta) : ''))
        ended.resolve({ events, text: text.join(''), last: events.at(-1) })
      },
    })
    return { began: began.promise, ended: ended.promise }
  }

  return {
    get platforms() {
      return made.platforms
    },
    play: (...given: Parameters<typeof made.play>) => made.play(...given),
    /** A worker of this process. */
    inProcess: async (): Promise<Worker> => {
      const worker = createWorker({ ...common, ...PRESENCE, agents: made.agents, logger: quiet })
      workers.push(worker)
      await worker.start()
      return worker
    },
    /** One of its own, with agents.yaml. */
    process: process_,
    ask,
  }
}
