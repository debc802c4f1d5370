import { type WorkerConfig, workerConfig } from '../../src/config.ts'
import { connectionOn } from '../../src/connection.ts'
import { messageOf } from '../../src/errors.ts'
import type { Logger } from '../../src/logger.ts'
import { createWorkerOn } from '../../src/worker/command-worker.ts'
import { agentMaker, agentsOf } from './agents.ts'
import type { CommandGroup } from './command-group.ts'
import { createSimulatedKafka } from './kafka.ts'
import { createMachine, type Machine } from './machine.ts'
import type { Plan } from './plan.ts'
import type { Site } from './site.ts'
import type { Witness } from './witness.ts'

/** A process with one real worker in it. */
export interface WorkerProcess {
  readonly machine: Machine
  readonly workerId: string
  /** Whether it was told to leave. */
  readonly draining: boolean
  /** Ends in order, as on SIGTERM; resolves when the process is gone. */
  drain(): Promise<void>
}

export interface WorkerProcessParts {
  site: Site
  group: CommandGroup
  witness: Witness
  plan: Plan
  logger: Logger
  /** Of the process, new for each. */
  name: string
  workerId: string
}

export const PREFIX = 'sim'
export const PARTITIONS = 2
/** No request ever goes there. */
export const NOWHERE = { brokers: ['simulated:9092'] }
export const LIMITS_MS = { appendTimeoutMs: 8_000, readTimeoutMs: 12_000, presenceLimitMs: 4_000 }

/** Of every worker, in a process of its own or inside an API process. */
export const workerSettings = (plan: Plan) => ({
  ...plan.settings,
  presenceLimitMs: LIMITS_MS.presenceLimitMs,
  presenceIntervalMs: 1_000,
  stopGraceMs: 700,
  drainTimeoutMs: 2_000,
  sessionTimeoutMs: 6_000,
})

const configOf = (workerId: string, plan: Plan): WorkerConfig =>
  workerConfig({
    ...LIMITS_MS,
    ...workerSettings(plan),
    kafka: NOWHERE,
    prefix: PREFIX,
    commandPartitions: PARTITIONS,
    workerId,
  })

export const startWorkerProcess = (parts: WorkerProcessParts): WorkerProcess => {
  const { site, group, witness, plan, logger, name, workerId } = parts
  const { scheduler, random } = site
  const skewMs = Math.round((random.next() - 0.5) * plan.skewMsMax)
  const machine = createMachine({ name, scheduler, random, skewMs })
  const config = configOf(workerId, plan)
  const kafka = createSimulatedKafka(site, group, machine, config)
  const connection = connectionOn(kafka, config, logger, machine.system)
  const agents = agentsOf(agentMaker(plan, witness, machine, scheduler.now))
  const worker = createWorkerOn({ connection, config, agents })

  const start = async (): Promise<void> => {
    try {
      await connection.start()
      await worker.start()
      witness.note(`${name} takes commands`)
    } catch (error) {
      // As its supervisor has it: again, a moment later.
      witness.note(`${name} could not start: ${messageOf(error)}`)
      await machine.system.sleep(1_000)
      await start()
    }
  }
  void start()
  let draining = false
  return {
    machine,
    workerId,
    get draining() {
      return draining
    },
    drain: async () => {
      draining = true
      await worker.stop()
      await connection.close()
      machine.crash()
    },
  }
}
