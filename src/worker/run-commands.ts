import type { AbstractAgent } from '@ag-ui/client'
import { LRUCache } from 'lru-cache'
import type { Command } from '../command/command.ts'
import { LIMITS, type WorkerConfig } from '../config.ts'
import type { Connection } from '../connection.ts'
import { messageOf, RunnerError } from '../errors.ts'
import type { CommandRecord } from '../kafka/command-consumer.ts'
import type { Run } from '../log/reducer.ts'
import { type Agents, agentFor, type LocalAgents } from './agents.ts'
import { claimThread } from './claim.ts'
import { compact } from './compaction.ts'
import { sendDeadLetter } from './dead-letter.ts'
import { decide } from './decide.ts'
import { execute, RunControl } from './execute.ts'
import { Lanes } from './lanes.ts'
import { createPublisher } from './publisher.ts'
import { rejectCommand, settledRejections } from './rejection.ts'
import { RunWriter } from './run-writer.ts'
import { ThreadView } from './thread-view.ts'

export interface RunCommandsOptions {
  connection: Connection
  config: WorkerConfig
  agents: Agents
  localAgents?: LocalAgents
  /** Whether the command's run was stopped before anybody claimed it. */
  wasStopped(command: Command): boolean
  /** The offset that the group has committed, as far as this worker knows. */
  committed(partition: number): number
}

/** What became of a command; `later`: another worker runs it. */
type Admission =
  | { what: 'done' }
  | { what: 'later' }
  /** Resolves when the run has ended here: false when another worker took it over before its end. */
  | { what: 'running'; ended: Promise<boolean> }

/**
 * A command's way through a worker: admit → claim → execute → compact → publish. Admission is one at a time
 * per thread; runs of different threads go on side by side.
 */
export const createRunCommands = (options: RunCommandsOptions) => {
  const { connection, config } = options
  const { logs, presence, logger, system } = connection
  const publisher = createPublisher(connection)
  const views = new LRUCache<string, ThreadView>({ max: config.threadsCachedMax })
  const lanes = new Lanes()
  /** The runs that go on here, by claim. */
  const active = new Map<string, { command: Command; control: RunControl }>()

  const viewOf = async (threadId: string): Promise<ThreadView> => {
    const view = views.get(threadId) ?? new ThreadView(logs, threadId)
    views.set(threadId, view)
    await logs.ensure(threadId)
    await view.refresh()
    return view
  }

  /** This worker's own claims live while it runs them: one of an earlier process with its id is lost. */
  const isAlive = (workerId: string, run: Run): boolean =>
    workerId === config.workerId ? active.has(run.claims.at(-1)?.claimId ?? '') : presence.isAlive(workerId)

  const admit = async (command: Command, source: CommandRecord): Promise<Admission> => {
    const view = await viewOf(command.threadId)
    for (let attempt = 0; attempt < LIMITS.claimAttemptsMax; attempt += 1) {
      const decision = decide(view.state, command.commandId, isAlive)
      switch (decision.do) {
        case 'nothing':
          return { what: 'done' }
        case 'leave':
          return { what: 'later' }
        case 'finish':
          await finish(view, decision.run)
          return { what: 'done' }
        case 'reject':
          await reject(view, command, source, new RunnerError(decision.code, 'Thread already running'))
          return { what: 'done' }
        case 'takeover':
          await takeOver(view, decision.run)
          break
        case 'claim': {
          const admission = await start(view, command, source)
          if (admission !== undefined) return admission
          break
        }
        default:
          decision satisfies never
      }
    }
    throw new RunnerError(
      'THREAD_BUSY',
      `Thread "${command.threadId}" was claimed by others ${LIMITS.claimAttemptsMax} times in a row.`,
    )
  }

  /** Claims the thread and starts the run; undefined when another claim came first. */
  const start = async (
    view: ThreadView,
    command: Command,
    source: CommandRecord,
  ): Promise<Admission | undefined> => {
    let agent: AbstractAgent
    try {
      agent = await agentFor(command, options.agents, options.localAgents)
    } catch (error) {
      if (!(error instanceof RunnerError)) throw error
      // The letter first: once the rejection stands, a redelivery has nothing to do.
      await sendDeadLetter(connection, source, error)
      await reject(view, command, source, error)
      return { what: 'done' }
    }
    const { threadId, commandId, agentId, input } = command
    const bid = { claim: 'new', commandId, runId: input.runId, agentId, workerId: config.workerId } as const
    const claimId = await claimThread(
      system,
      view,
      bid,
      settledRejections(view, source, options.committed(source.partition)),
    )
    if (claimId === undefined) return undefined
    const control = new RunControl()
    if (options.wasStopped(command)) control.end({ cause: 'stop' })
    active.set(claimId, { command, control })
    void publish(view, view.state.latest as Run).catch((error) => {
      logger.warn('The start of a run was not published', { threadId, error: messageOf(error) })
    })
    const ended = run(view, command, claimId, agent, control)
    return { what: 'running', ended: ended.finally(() => active.delete(claimId)) }
  }

  const run = async (
    view: ThreadView,
    command: Command,
    claimId: string,
    agent: AbstractAgent,
    control: RunControl,
  ): Promise<boolean> => {
    const { threadId, input } = command
    const writer = new RunWriter({
      view,
      claimId,
      input,
      pendingEventsMax: config.pendingEventsMax,
      system,
      onLost: () => control.lose(),
    })
    await execute({ agent, input, writer, control, stopGraceMs: config.stopGraceMs, system })
    if (writer.fenced) {
      logger.warn('A run was taken over by another worker', { threadId, runId: input.runId })
      return false
    }
    await lanes.run(threadId, () => finish(view, view.state.latest as Run))
    return true
  }

  /** Closes a run whose worker is lost. */
  const takeOver = async (view: ThreadView, lost: Run): Promise<void> => {
    const { commandId, runId, agentId } = lost
    const lostWorker = lost.claims.at(-1)?.workerId
    const bid = { claim: 'takeover', commandId, runId, agentId, workerId: config.workerId } as const
    const claimId = await claimThread(system, view, bid)
    if (claimId === undefined) return
    logger.warn('A lost worker’s run is closed', { threadId: view.threadId, runId, worker: lostWorker })
    const control = new RunControl()
    control.end({
      cause: 'worker-lost',
      code: 'WORKER_LOST',
      message: `Worker "${lostWorker}" was lost while it executed this run. Run it again if its agent may act twice.`,
    })
    const input = {
      threadId: view.threadId,
      runId,
      messages: [],
      tools: [],
      context: [],
      state: {},
      forwardedProps: {},
    }
    const writer = new RunWriter({
      view,
      claimId,
      input,
      pendingEventsMax: config.pendingEventsMax,
      system,
      onLost: () => {},
    })
    await execute({ agent: NO_AGENT, input, writer, control, stopGraceMs: 0, system })
    if (!writer.fenced) await finish(view, view.state.latest as Run)
  }

  /** What comes after the terminal event. Idempotent: a crash in the middle has it done again. */
  const finish = async (view: ThreadView, ended: Run): Promise<void> => {
    await compact(view, ended)
    await publish(view, ended)
  }

  const publish = (view: ThreadView, run: Run): Promise<void> =>
    publisher.publish(view.threadId, view.state, run)

  const reject = (
    view: ThreadView,
    command: Command,
    source: CommandRecord,
    error: RunnerError,
  ): Promise<void> => rejectCommand(view, command, source, error, options.committed(source.partition))

  return {
    /** Decides about a command, in turn with the thread's others. */
    admit: (command: Command, source: CommandRecord) =>
      lanes.run(command.threadId, () => admit(command, source)),
    /** Tells the caller, if one waits, that its command cannot be answered. */
    giveUp: async (
      command: Command | undefined,
      source: CommandRecord,
      error: RunnerError,
    ): Promise<void> => {
      await sendDeadLetter(connection, source, error)
      if (command === undefined) return
      await lanes.run(command.threadId, async () =>
        reject(await viewOf(command.threadId), command, source, error),
      )
    },
    /** Ends a run that goes on here; false when it does not. */
    stop: (threadId: string, runId: string): boolean => {
      const runs = [...active.values()].filter(
        ({ command }) => command.threadId === threadId && command.input.runId === runId,
      )
      for (const { control } of runs) control.end({ cause: 'stop' })
      return runs.length > 0
    },
    /** Ends all runs, as this worker leaves. */
    shutDown: (): void => {
      for (const { control } of active.values()) {
        control.end({
          cause: 'worker-shutdown',
          code: 'WORKER_SHUTDOWN',
          message: `Worker "${config.workerId}" was shut down while it executed this run. Run it again.`,
        })
      }
    },
    /** How many runs go on here. */
    get running(): number {
      return active.size
    },
  }
}

/** Stands in where a run is only closed: with an early end set, no agent is ever called. */
const NO_AGENT = undefined as never
