import type { BaseEvent, RunAgentInput } from '@ag-ui/client'
import type { Observable } from 'rxjs'
import type { RunnerConfig } from '../../src/config.ts'
import { type Connection, connectionOn } from '../../src/connection.ts'
import { messageOf } from '../../src/errors.ts'
import type { Logger } from '../../src/logger.ts'
import type { KafkaAgentRunnerOptions } from '../../src/runner/contract.ts'
import { KafkaAgentRunner } from '../../src/runner/kafka-agent-runner.ts'
import { agentMaker, agentsOf } from './agents.ts'
import type { CommandGroup } from './command-group.ts'
import { createSimulatedKafka } from './kafka.ts'
import { createMachine, type Machine } from './machine.ts'
import type { Mode, Plan } from './plan.ts'
import type { SimulatedAgent } from './scripted-agent.ts'
import type { Site } from './site.ts'
import type { Call, Reading, StopCall, Witness } from './witness.ts'
import { LIMITS_MS, NOWHERE, PARTITIONS, PREFIX, workerSettings } from './worker-process.ts'

/** A process with a real runner in it, as an API server has one, and what its callers see. */
export interface ApiProcess {
  readonly machine: Machine
  run(request: { threadId: string; runId: string; agentId: string; mode: Mode }): void
  /** What a client sees, or goes on to see after an earlier reading that was left; `leave` unsubscribes. */
  connect(request: ConnectAct): { reading: Reading; leave(): void }
  stop(threadId: string, runId: string): void
  isRunning(threadId: string): Promise<boolean>
  /** As when its process is killed: its callers and readers hear nothing any more. */
  crash(): void
}

export interface ConnectAct {
  threadId: string
  /** Stays when the thread is idle. */
  follow?: boolean
  /** Goes on after what this one saw. */
  earlier?: Reading
}

export interface ApiProcessParts {
  site: Site
  group: CommandGroup
  witness: Witness
  plan: Plan
  logger: Logger
  name: string
  /** Nothing holds it up, and its connects stay: the reader to compare the others with. */
  instant?: boolean
  /** It has a worker of its own. */
  embedded?: boolean
}

/** The constructor with the connection that the public one makes itself. */
type RunnerOn = new (
  options: KafkaAgentRunnerOptions,
  connect: (config: RunnerConfig, logger: Logger) => Connection,
) => KafkaAgentRunner

export const startApiProcess = (parts: ApiProcessParts): ApiProcess => {
  const { site, witness, plan, name, instant = false } = parts
  const { scheduler, random } = site
  const skewMs = Math.round((random.next() - 0.5) * plan.skewMsMax)
  const machine = createMachine({ name, scheduler, random, skewMs })
  const makeAgent = agentMaker(plan, witness, machine, scheduler.now)
  const runner = runnerOn(parts, machine, makeAgent)
  const calls: Call[] = []
  const readings: Reading[] = []

  const connect: ApiProcess['connect'] = ({ threadId, follow, earlier }) => {
    const reading = earlier ?? { threadId, reader: name, at: scheduler.now(), events: [] }
    reading.end = undefined
    reading.reader = name
    readings.push(reading)
    const { cursor: after } = reading
    witness.note(`${name} connects to ${threadId}${after === undefined ? '' : ` after ${after}`}`)
    const end = (how: Reading['end']) => {
      if (reading.end !== undefined) return
      reading.end = how
      witness.note(`${name}: connect to ${threadId}: ${how}, ${reading.events.length} events`)
    }
    const subscription = runner.read({ threadId, after, follow }).subscribe({
      next: ({ event, cursor }) => {
        reading.events.push(event)
        reading.cursor = cursor
        if (instant) witness.show(threadId, event)
      },
      complete: () => end('complete'),
      error: (error) => {
        reading.error = error
        end('error')
      },
    })
    const leave = () => {
      if (reading.end !== undefined) return
      subscription.unsubscribe()
      end('left')
    }
    return { reading, leave }
  }

  const run: ApiProcess['run'] = ({ threadId, runId, agentId, mode }) => {
    const call: Call = { threadId, runId, caller: name, at: scheduler.now(), events: [], ends: [] }
    const agent = makeAgent()
    agent.agentId = agentId
    witness.note(`${name} runs ${runId} on ${threadId} (${agentId}, ${mode})`)
    try {
      hear(call, runner.run({ ...requestFor(threadId, runId, agent), onConcurrentRun: mode }))
    } catch (error) {
      witness.note(`${name}: ${runId}: ${messageOf(error)}`)
      return
    }
    calls.push(call)
    witness.calls.push(call)
  }

  const hear = (call: Call, events: Observable<BaseEvent>): void => {
    const end = (how: Call['ends'][number]) => {
      call.ends.push(how)
      witness.note(`${name}: ${call.runId} ends: ${how}, ${call.events.length} events`)
    }
    events.subscribe({
      next: (event) => call.events.push(event),
      complete: () => end('complete'),
      error: () => end('error'),
    })
  }

  const stop = (threadId: string, runId: string): void => {
    const asked: StopCall = { threadId, runId, at: scheduler.now() }
    witness.stops.push(asked)
    witness.note(`${name} stops ${runId}`)
    runner.stop({ threadId, runId }).then(
      (result) => {
        asked.result = result
        witness.note(`${name}: stop of ${runId}: ${result}`)
      },
      (error) => witness.note(`${name}: stop of ${runId}: ${messageOf(error)}`),
    )
  }

  return {
    machine,
    run,
    connect,
    stop,
    isRunning: (threadId) => runner.isRunning({ threadId }),
    crash: () => {
      machine.crash()
      for (const call of calls) if (call.ends.length === 0) call.ends.push('gone')
      for (const reading of readings) if (reading.reader === name) reading.end ??= 'left'
    },
  }
}

const runnerOn = (
  { site, group, plan, logger, name, instant, embedded }: ApiProcessParts,
  machine: Machine,
  makeAgent: () => SimulatedAgent,
) => {
  const kafka = createSimulatedKafka(site, group, machine, { ...LIMITS_MS, instant })
  const options: KafkaAgentRunnerOptions = {
    ...LIMITS_MS,
    kafka: NOWHERE,
    prefix: PREFIX,
    commandPartitions: PARTITIONS,
    worker: embedded === true && { ...workerSettings(plan), workerId: name, agents: agentsOf(makeAgent) },
    commandTtlMs: plan.commandTtlMs,
    stopTimeoutMs: 5_000,
    logger,
  }
  return new (KafkaAgentRunner as unknown as RunnerOn)(options, (config) =>
    connectionOn(kafka, config, logger, machine.system),
  )
}

const requestFor = (threadId: string, runId: string, agent: SimulatedAgent) => {
  const messages = [{ id: `${runId}.ask`, role: 'user' as const, content: 'go on' }]
  const input: RunAgentInput = {
    threadId,
    runId,
    messages,
    tools: [],
    context: [],
    state: {},
    forwardedProps: {},
  }
  return { threadId, agent, input }
}
