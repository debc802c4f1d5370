import { randomUUID } from 'node:crypto'
import { inject, onTestFinished } from 'vitest'
import type { KafkaAgentRunnerOptions } from '../../src/runner/contract.ts'
import { KafkaAgentRunner } from '../../src/runner/kafka-agent-runner.ts'
import { createWorker, type Worker, type WorkerOptions } from '../../src/worker/index.ts'

/** The shared broker and a prefix of one's own. What is made through it is closed when the test ends. */
export const useKafka = () => {
  const brokers = inject('kafkaBrokers')
  const prefix = `test-${randomUUID().slice(0, 8)}`
  const common = { kafka: { brokers }, prefix, commandPartitions: 3 }

  return {
    brokers,
    prefix,
    /** A runner, by default one that only submits and reads, as an API process beside remote workers. */
    runner: (options: Partial<KafkaAgentRunnerOptions> = {}): KafkaAgentRunner => {
      const runner = new KafkaAgentRunner({ ...common, worker: false, ...options })
      onTestFinished(() => runner.close())
      return runner
    },
    /** A started worker. */
    worker: async (options: Partial<WorkerOptions>): Promise<Worker> => {
      const worker = createWorker({ ...common, ...options })
      onTestFinished(() => worker.stop({ drainTimeoutMs: 0 }))
      await worker.start()
      return worker
    },
  }
}
