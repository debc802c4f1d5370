import type { BaseEvent, RunAgentInput } from '@ag-ui/client'
import type { Observable } from 'rxjs'
import type { RunnerConfig } from '../../src/config.ts'
import { type Connection, connectionOn } from '../../src/connection.ts'
import { messageOf } from '../../src/errors.ts'
import type { Logger } from '../../src/logger.ts'
import { KafkaAgentRunner, type KafkaAgentRunnerOptions } from '../../src/runner/kafka-agent-runner.ts'
import type { CommandGroup } from './command-group.ts'
import { createSimulatedKafka } from './kafka.ts'
import { createMachine, type Machine } from './machine.ts'
import type { Mode, Plan } from './plan.ts'
import { SimulatedAgent } from './scripted-agent.ts'
import type { Site } from './site.ts'
import type { Call, Reading, StopCall, Witness } from './witness.ts'
import { LIMITS_MS, NOWHERE, PARTITIONS, PREFIX } from './worker-process.ts'

/** A process with a real runner in it, as an API server has one, and what its callers see. */
export interface ApiProcess {
  readonly machine: Machine
  run(request: { threadId: string; runId: string; agentId: string; mode: Mode }): void
  /** What a client sees that stays; `leave` unsubscribes. */
  connect(threadId: string): { reading: Reading; leave(): void }
  stop(threadId: string, runId: string): void
  isRunning(threadId: string): Promise<boolean>
  /** As when its process is killed: its callers and readers hear nothing any more. */
  crash(): void
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
  const runner = runnerOn(parts, machine, instant)
  const calls: Call[] = []
  const readings: Reading[] = []

  const connect = (threadId: string) => {
    const reading: Reading = { threadId, reader: name, at: scheduler.now(), events: [] }
    readings.push(reading)
    witness.note(`${name} connects to ${threadId}`)
    const subscription = runner.connect({ threadId, follow: instant }).subscribe({
      next: (event) => {
        reading.events.push(event)
        if (instant) witness.show(threadId, event)
      },
      complete: () => end('complete'),
      error: (error) => {
        reading.error = error
        end('error')
      },
    })
    const end = (how: Reading['end']) => {
      reading.end ??= how
      witness.note(`${name}: connect to ${threadId}: ${how}, ${reading.events.length} events`)
    }
    return {
      reading,
      leave: () => {
        if (reading.end !== undefined) return
        subscription.unsubscribe()
        end('left')
      },
    }
  }

  const run: ApiProcess['run'] = ({ threadId, runId, agentId, mode }) => {
    const call: Call = { threadId, runId, caller: name, at: scheduler.now(), events: [], ends: [] }
    witness.note(`${name} runs ${runId} on ${threadId} (${agentId}, ${mode})`)
    try {
      hear(call, runner.run({ ...requestFor(threadId, runId, agentId, machine), onConcurrentRun: mode }))
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
      for (const reading of readings) reading.end ??= 'left'
    },
  }
}

const runnerOn = ({ site, group, plan, logger }: ApiProcessParts, machine: Machine, instant: boolean) => {
  const kafka = createSimulatedKafka(site, group, machine, { ...LIMITS_MS, instant })
  const options: KafkaAgentRunnerOptions = {
    ...LIMITS_MS,
    kafka: NOWHERE,
    prefix: PREFIX,
    commandPartitions: PARTITIONS,
    worker: false,
    commandTtlMs: plan.commandTtlMs,
    stopTimeoutMs: 5_000,
    logger,
  }
  return new (KafkaAgentRunner as unknown as RunnerOn)(options, (config) =>
    connectionOn(kafka, config, logger, machine.system),
  )
}

/** The agent's id is all that a runner without a worker takes of the agent. */
const requestFor = (threadId: string, runId: string, agentId: string, { system }: Machine) => {
  const agent = new SimulatedAgent({ system, scriptOf: never, onRun: never, onAbort: never })
  agent.agentId = agentId
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

const never = (): never => {
  throw new Error('An agent runs in a worker, never in an API process.')
}
