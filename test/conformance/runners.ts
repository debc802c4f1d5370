import { randomUUID } from 'node:crypto'
import type { AbstractAgent, BaseEvent } from '@ag-ui/client'
import type { AgentRunner } from '@copilotkit/runtime/v2'
import { inject } from 'vitest'
import { KafkaAgentRunner } from '../../src/runner/kafka-agent-runner.ts'
import { createWorker } from '../../src/worker/index.ts'
import { quiet } from '../support/quiet.ts'
import type { RunnerName } from './case.ts'

/** A runner under test. One serves all cases: each has a thread of its own. */
export interface Subject {
  runner: AgentRunner
  /** The same threads, where a second run takes the place of the first. */
  superseding: Pick<AgentRunner, 'run'>
  /** Makes the agent known to whoever executes runs; may give it another agent id. */
  register(agent: AbstractAgent): void
  /** Mends a fault of the runner that a case of its own shows, and that would hide others. */
  mend?(event: BaseEvent): BaseEvent
  /** How long a case waits for what may never come: long where it has to come, short where it does not. */
  patienceMs: number
  close(): Promise<void>
}

export interface RunnerKind {
  name: RunnerName
  title: string
  open(): Promise<Subject>
}

/** Short, so that cases with agents that are deaf to abort take little time. */
const STOP_GRACE_MS = 300

const PATIENCE_MS = 10_000

const clusterOptions = () => ({
  kafka: { brokers: inject('kafkaBrokers') },
  prefix: `conformance-${randomUUID().slice(0, 8)}`,
  commandPartitions: 3,
  logger: quiet,
})

const openMemory = async (): Promise<Subject> => {
  // Read while the module is loaded; tests are not to be counted as anybody's use.
  process.env.COPILOTKIT_TELEMETRY_DISABLED ??= 'true'
  const { InMemoryAgentRunner } = await import('@copilotkit/runtime/v2')
  const runner = new InMemoryAgentRunner()
  // The peer's store belongs to the process, its mode to the instance.
  const superseding = new InMemoryAgentRunner({ onConcurrentRun: 'supersede' })
  return { runner, superseding, register: () => {}, mend: nameRun, patienceMs: 500, close: async () => {} }
}

/** The peer’s RUN_FINISHED of a stopped run names neither thread nor run: clients of version 1 reject each of them. */
const nameRun = (event: BaseEvent): BaseEvent =>
  String(event.type) === 'RUN_FINISHED' ? { threadId: 't', runId: 'r', ...event } : event

const supersedingOf = (runner: KafkaAgentRunner): Subject['superseding'] => ({
  run: (request) => runner.run({ ...request, onConcurrentRun: 'supersede' }),
})

const openEmbedded = async (): Promise<Subject> => {
  const worker = { stopGraceMs: STOP_GRACE_MS, drainTimeoutMs: 1 }
  const runner = new KafkaAgentRunner({ ...clusterOptions(), worker })
  await runner.start()
  const superseding = supersedingOf(runner)
  return { runner, superseding, register: () => {}, patienceMs: PATIENCE_MS, close: () => runner.close() }
}

/** Far more than there are runs at any time. */
const CAST_SIZE = 100

/** A worker's agents are fixed when it starts: each of its agent ids is lent to one agent after the other. */
const createCast = () => {
  const cast: AbstractAgent[] = []
  let next = 0
  // Never the instance given to run(): another process would not have it either.
  const sources = Array.from(
    { length: CAST_SIZE },
    (_, place) => [`agent-${place}`, () => cast[place]!.clone()] as const,
  )
  const register = (agent: AbstractAgent): void => {
    const place = next % CAST_SIZE
    agent.agentId = `agent-${place}`
    cast[place] = agent
    next += 1
  }
  return { agents: Object.fromEntries(sources), register }
}

const openRemote = async (): Promise<Subject> => {
  const options = clusterOptions()
  const { agents, register } = createCast()
  const worker = createWorker({ ...options, agents, stopGraceMs: STOP_GRACE_MS, drainTimeoutMs: 1 })
  const runner = new KafkaAgentRunner({ ...options, worker: false })
  await Promise.all([worker.start(), runner.start()])
  return {
    runner,
    superseding: supersedingOf(runner),
    register,
    patienceMs: PATIENCE_MS,
    close: async () => {
      await runner.close()
      await worker.stop()
    },
  }
}

export const RUNNERS: readonly RunnerKind[] = [
  { name: 'memory', title: 'InMemoryAgentRunner', open: openMemory },
  { name: 'embedded', title: 'Kafka, embedded worker', open: openEmbedded },
  { name: 'remote', title: 'Kafka, remote worker', open: openRemote },
]
