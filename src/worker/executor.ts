import type { AbstractAgent, BaseEvent, RunAgentInput } from '@ag-ui/client'
import { remembersThreads, type ThreadMemory } from '../agents/memory.ts'
import type { Command } from '../command/command.ts'
import type { WorkerConfig } from '../config.ts'
import type { Connection } from '../connection.ts'
import { messageOf } from '../errors.ts'
import { compactedParts } from '../log/compacted.ts'
import type { RunHistory } from '../log/history.ts'
import { memoryOf, type Run, runOf } from '../log/reducer.ts'
import { after } from '../system.ts'
import { claimThread } from './claim.ts'
import { compact } from './compaction.ts'
import { type EarlyEnd, execute, RunControl } from './execute.ts'
import type { Publisher } from './publisher.ts'
import { readRun } from './read-run.ts'
import { RunWriter } from './run-writer.ts'
import type { ThreadView } from './thread-view.ts'

/** Which run is meant: by its command where that is known, for a run's id may be used again. */
export interface RunName {
  threadId: string
  runId: string
  commandId?: string
}

interface Execution {
  command: Command
  control: RunControl
  writer: RunWriter
  /** Settles when its start is published, or could not be. */
  published: Promise<void>
}

export interface Begin {
  command: Command
  agent: AbstractAgent
  /** A reason to end it before it begins. */
  early(): EarlyEnd | undefined
  /** It takes over its own lost run: what tells readers that this begins again. Asked once the claim stands. */
  restart?(): Promise<BaseEvent[]>
}

export interface ExecutorParts {
  connection: Connection
  config: WorkerConfig
  instanceId: string
  publisher: Publisher
  /** Steps of a thread, one after the other. */
  inTurn<T>(threadId: string, step: () => Promise<T>): Promise<T>
}

/** Runs agents under claims: claim → execute → publish → compact. */
export const createExecutor = (parts: ExecutorParts) => {
  const { connection, config, instanceId, inTurn } = parts
  const who = { workerId: config.workerId, instanceId }
  const { logger, system } = connection
  const { publisher } = parts
  /** By claim. */
  const active = new Map<string, Execution>()

  /** What comes after the terminal event. Idempotent: a crash in the middle has it done again. */
  const finish = async (view: ThreadView, ended: Run, traceparent?: string): Promise<void> => {
    // The directory is to forget a thread that was deleted meanwhile. A deleter waits for the run record, so
    // that comes last.
    if (view.isDeleted(ended.commandId)) return
    const history = await historyOf(view, ended)
    // Once for both: it looks at every event of the run.
    const parts = compactedParts(history)
    await publisher.ended(view.threadId, view.state, history.run, parts, traceparent)
    await compact(system, view, ended, parts)
  }

  /** A redelivered command's run may be in the past, or without events in memory: its log has them. */
  const historyOf = async (view: ThreadView, ended: Run): Promise<RunHistory> => {
    const kept = view.history.historyOf(ended)
    return kept.events.length > 0 ? kept : readRun(connection.logs, view.threadId, ended)
  }

  const writerFor = (view: ThreadView, claimId: string, input: RunAgentInput, control: RunControl) =>
    new RunWriter({
      view,
      claimId,
      input,
      pendingEventsMax: config.pendingEventsMax,
      system,
      onLost: () => control.lose(),
    })

  /**
   * Claims the thread and starts the run; undefined when another claim came first. `ended` is false when
   * another worker took the run over before its end.
   */
  const begin = async (view: ThreadView, given: Begin): Promise<{ ended: Promise<boolean> } | undefined> => {
    const { command, early, restart } = given
    const { commandId, agentId, input } = command
    const claim = restart === undefined ? 'new' : 'takeover'
    const bid = { claim, commandId, runId: input.runId, agentId, ...who } as const
    const claimId = await claimThread(system, view, bid)
    if (claimId === undefined) return undefined
    // Not before: until the claim, what the lost worker still writes counts.
    const reset = (await restart?.()) ?? []
    const control = new RunControl()
    // Asked once the claim stands: a stop that came while it was appended was kept for it.
    const end = early()
    if (end !== undefined) control.end(end)
    const { threadId, state } = view
    const begun = state.latest as Run
    const published = publisher.started(threadId, state, begun, command.traceparent).catch((error) => {
      logger.warn('The start of a run was not published', {
        threadId,
        error: messageOf(error),
      })
    })
    const execution = { command, control, published, writer: writerFor(view, claimId, input, control) }
    active.set(claimId, execution)
    tellRestart(execution, reset)
    return { ended: run(view, execution, given.agent).finally(() => active.delete(claimId)) }
  }

  const run = async (view: ThreadView, execution: Execution, agent: AbstractAgent): Promise<boolean> => {
    const { command, control, writer } = execution
    const { threadId, input } = command
    const cancelTimeout = after(system, timeoutOf(command, config), () =>
      control.end(timedOut(timeoutOf(command, config))),
    )
    if (remembersThreads(agent)) agent.useMemory(threadId, threadMemory(view, command.agentId, writer))
    try {
      await execute({ agent, input, writer, control, stopGraceMs: config.stopGraceMs, system })
    } finally {
      cancelTimeout()
    }
    if (view.isDeleted(command.commandId)) return true
    if (writer.fenced) {
      logger.warn('A run was taken over by another worker', { threadId, runId: input.runId })
      return false
    }
    // Its end never before its start: the directory keeps what comes last.
    await execution.published
    // By its command: before its turn comes, the thread's next run may have been claimed here.
    await inTurn(threadId, async () => {
      const ended = runOf(view.state, command.commandId)
      if (ended !== undefined) await finish(view, ended, command.traceparent)
    })
    return true
  }

  /** Closes a run whose worker is lost, under a claim of its own. */
  const close = async (view: ThreadView, lost: Run): Promise<void> => {
    const { commandId, runId, agentId } = lost
    const lostWorker = lost.claims.at(-1)?.workerId
    const bid = { claim: 'takeover', commandId, runId, agentId, ...who } as const
    const claimId = await claimThread(system, view, bid)
    if (claimId === undefined) return
    logger.warn('A lost worker’s run is closed', { threadId: view.threadId, runId, worker: lostWorker })
    const control = new RunControl()
    control.end(workerLost(lostWorker))
    const input = emptyInput(view.threadId, runId)
    const writer = writerFor(view, claimId, input, control)
    await execute({ agent: NO_AGENT, input, writer, control, stopGraceMs: 0, system })
    if (!writer.fenced) await finish(view, view.state.latest as Run)
  }

  return {
    begin,
    close,
    finish,
    /** Whether the run goes on here. */
    executes: (run: Run): boolean => active.has(run.claims.at(-1)?.claimId ?? ''),
    /** Ends a run that goes on here; false when it does not. */
    end: (named: RunName, reason: EarlyEnd): boolean => {
      const meant = [...active.values()].filter(({ command }) => isMeant(command, named))
      for (const { control } of meant) control.end(reason)
      return meant.length > 0
    },
    /** Ends all runs, as this worker leaves. */
    endAll: (reason: EarlyEnd): void => {
      for (const { control } of active.values()) control.end(reason)
    },
    /** Looks whether the runs here are still this worker's, after it was silent for longer than the others wait. */
    checkClaims: async (): Promise<void> => {
      await Promise.all([...active.values()].map(({ writer }) => writer.check()))
    },
    get running(): number {
      return active.size
    },
  }
}

/** What the agent remembers of the thread: what the log has of it, and then what it sets. */
const threadMemory = (view: ThreadView, agentId: string, writer: RunWriter): ThreadMemory => {
  let remembered = memoryOf(view.state, agentId)?.value
  return {
    get value() {
      return remembered
    },
    set: (value) => {
      writer.remember(value)
      remembered = structuredClone(value)
    },
  }
}

/** A thread whose snapshot no record can hold is not run again, but closed. */
const tellRestart = ({ control, writer }: Execution, reset: BaseEvent[]): void => {
  try {
    for (const event of reset) writer.write(event)
  } catch (error) {
    control.end({
      cause: 'worker-lost',
      code: 'WORKER_LOST',
      message: `The worker was lost while it executed this run, which cannot begin again: ${messageOf(error)}`,
    })
  }
}

const isMeant = ({ threadId, commandId, input }: Command, named: RunName): boolean =>
  threadId === named.threadId && input.runId === named.runId && (named.commandId ?? commandId) === commandId

const timeoutOf = ({ runTimeoutMs = Number.POSITIVE_INFINITY }: Command, config: WorkerConfig): number =>
  Math.min(runTimeoutMs, config.runTimeoutMs)

const timedOut = (limitMs: number): EarlyEnd => ({
  cause: 'timeout',
  code: 'RUN_TIMEOUT',
  message: `The run lasted longer than ${limitMs / 1000} s, its limit (runTimeoutMs), and was ended.`,
})

const workerLost = (workerId: string | undefined): EarlyEnd => ({
  cause: 'worker-lost',
  code: 'WORKER_LOST',
  message: `Worker "${workerId}" was lost while it executed this run. Run it again if its agent may act twice.`,
})

const emptyInput = (threadId: string, runId: string): RunAgentInput => ({
  threadId,
  runId,
  messages: [],
  tools: [],
  context: [],
  state: {},
  forwardedProps: {},
})

/** Stands in where a run is only closed: with an early end set, no agent is ever called. */
const NO_AGENT = undefined as never
