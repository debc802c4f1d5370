import type { AbstractAgent } from '@ag-ui/client'
import type { Command } from '../command/command.ts'
import { sendStop } from '../command/send-stop.ts'
import type { StopRequest } from '../command/stop-request.ts'
import { LIMITS, type WorkerConfig } from '../config.ts'
import type { Connection } from '../connection.ts'
import { messageOf, RunnerError } from '../errors.ts'
import type { ConsumedRecord } from '../kafka/consumed-record.ts'
import { isRejected, openRun, type Run } from '../log/reducer.ts'
import { type Agents, agentFor, type LocalAgents, restarts } from './agents.ts'
import { sendDeadLetter } from './dead-letter.ts'
import { decide, type Standing } from './decide.ts'
import type { EarlyEnd } from './execute.ts'
import { type Begin, createExecutor, type RunName } from './executor.ts'
import { Lanes } from './lanes.ts'
import { createPublisher } from './publisher.ts'
import { rejectCommand, rejectionOf } from './rejection.ts'
import { resetOf } from './restart.ts'
import type { ThreadView } from './thread-view.ts'
import { ThreadViews } from './thread-views.ts'
import { type Turn, Turns } from './turns.ts'

export interface RunCommandsOptions {
  connection: Connection
  config: WorkerConfig
  /** Those of the moment: asked for each command. */
  agents(): Agents
  localAgents?: LocalAgents
  /** Of this process. */
  instanceId: string
  /** The stop request that came before anybody claimed the command's run. */
  keptStop(command: Command): StopRequest | undefined
  /** Called before a claim: others judge this worker by its beats. */
  beHeard(): Promise<void>
}

/** What became of a command. */
export type Admission =
  | { what: 'done' }
  /** It is for its run, or for its turn, to wait: on this worker or, with `for`, on the one that has that run. */
  | { what: 'wait'; for?: Run }
  /** It may begin, once there is a place. */
  | { what: 'ready' }
  /** Resolves when the run has ended here: false when another worker took it over before its end. */
  | { what: 'running'; ended: Promise<boolean> }

export type RunCommands = ReturnType<typeof createRunCommands>

const DONE: Admission = { what: 'done' }

/**
 * A command's way through a worker: admit → claim → execute → publish → compact. Admission is one at a time
 * per thread; runs of different threads go on side by side.
 */
export const createRunCommands = (options: RunCommandsOptions) => {
  const { connection, config, agents } = options
  const { logs, presence, system } = connection
  const views = new ThreadViews(logs, config.threadsCachedMax)
  const lanes = new Lanes()
  const turns = new Turns()
  const publisher = createPublisher({ ...connection, workerId: config.workerId })
  const executor = createExecutor({
    connection,
    config,
    instanceId: options.instanceId,
    publisher,
    inTurn: (threadId, step) => lanes.run(threadId, step),
  })

  /** Whether its thread was deleted since it was asked for. */
  const isErased = (command: Command): boolean => options.keptStop(command)?.cause === 'erased'

  /** What was erased with its thread makes no new one. */
  const viewOf = (command: Command): Promise<ThreadView> =>
    views.read(command.threadId, (view) =>
      isErased(command) ? view.refresh() : view.open(command.commandId),
    )

  /** This process's own claims live while it runs them. */
  const isAlive = (run: Run): boolean => {
    const { instanceId } = run.claims.at(-1)!
    return instanceId === options.instanceId ? executor.executes(run) : presence.isAlive(instanceId)
  }

  const standingOf = (turn: Turn): Standing => {
    const { command } = turn
    const ahead = turns.aheadOf(turn).length
    return {
      expired: command.ttlMs !== undefined && system.now() > command.time + command.ttlMs,
      stopped: options.keptStop(command) !== undefined,
      erased: isErased(command),
      superseded: turn.superseded,
      ahead,
      full: !turn.waits && ahead >= config.queuedRunsMax,
    }
  }

  /** Whether the thread was deleted with what the command is about. */
  const isOver = (view: ThreadView, command: Command): boolean =>
    view.isDeleted(command.commandId) || (isErased(command) && !view.isOpen)

  const admit = async (turn: Turn, source: ConsumedRecord, hasPlace: boolean): Promise<Admission> => {
    const { command } = turn
    const { threadId, commandId } = command
    const view = await viewOf(command)
    // Its own command is in hand here, and sees to it.
    const seesToItself = (run: Run) => run.commandId !== commandId && turns.has(threadId, run.commandId)
    for (let attempt = 0; attempt < LIMITS.claimAttemptsMax; attempt += 1) {
      if (isOver(view, command)) return DONE
      const decision = decide(
        view.state,
        command,
        standingOf(turn),
        (run) => isAlive(run) || seesToItself(run),
      )
      switch (decision.do) {
        case 'nothing':
          // Told here, so that a redelivery tells it again.
          await publisher.rejected(command, turn.refusal)
          return DONE
        case 'finish':
          await executor.finish(view, decision.run, command.traceparent)
          return DONE
        case 'wait':
          turn.waits = decision.for?.commandId !== commandId
          return { what: 'wait', for: decision.for }
        case 'supersede':
          turn.waits = true
          await supersede(turn, decision.run)
          return { what: 'wait', for: decision.run }
        case 'reject':
          // Looked at again: the thread may have got a claim of it meanwhile, and then the rejection is void.
          await reject(view, turn, rejectionOf(decision.code, command, config))
          break
        case 'takeover': {
          const admission = await takeOver(view, turn, source, decision.run, hasPlace)
          if (admission !== undefined) return admission
          break
        }
        case 'claim': {
          if (!hasPlace) {
            turn.waits = true
            return { what: 'ready' }
          }
          const admission = await start(view, turn, source)
          if (admission !== undefined) return admission
          break
        }
        default:
          decision satisfies never
      }
    }
    throw new RunnerError(
      'THREAD_BUSY',
      `Thread "${threadId}" was claimed by others ${LIMITS.claimAttemptsMax} times in a row.`,
    )
  }

  /** Claims the thread and starts the run; undefined when another claim came first. */
  const start = async (
    view: ThreadView,
    turn: Turn,
    source: ConsumedRecord,
    restart?: Begin['restart'],
  ): Promise<Admission | undefined> => {
    const { command } = turn
    let agent: AbstractAgent
    try {
      agent = await agentFor(command, agents(), options.localAgents)
    } catch (error) {
      if (!(error instanceof RunnerError)) throw error
      if (restart !== undefined) {
        await executor.close(view, view.state.latest as Run)
        return undefined
      }
      // The letter first: once the rejection stands, a redelivery has nothing to do.
      await sendDeadLetter(connection, source, error)
      await reject(view, turn, error)
      return undefined
    }
    accept(turn)
    await options.beHeard()
    if (command.input.resume?.length) agent.pendingInterrupts = structuredClone([...view.pendingInterrupts])
    const early = (): EarlyEnd | undefined => {
      const request = options.keptStop(command)
      return request && { cause: causeOf(request) }
    }
    const running = await executor.begin(view, { command, agent, early, restart })
    if (running === undefined) return undefined
    turn.waits = false
    return { what: 'running', ended: running.ended }
  }

  /** Ends a lost worker's run, or lets its agent run again; undefined when the thread is to be looked at anew. */
  const takeOver = async (
    view: ThreadView,
    turn: Turn,
    source: ConsumedRecord,
    lost: Run,
    hasPlace: boolean,
  ): Promise<Admission | undefined> => {
    const { commandId, agentId } = turn.command
    if (lost.commandId !== commandId || !restarts(agents(), agentId)) {
      await executor.close(view, lost)
      return undefined
    }
    if (!hasPlace) return { what: 'ready' }
    return start(view, turn, source, () => resetOf(logs, view.threadId, lost))
  }

  /** Ends the thread's run, wherever it goes on, and those that wait in front. */
  const supersede = async (turn: Turn, run?: Run): Promise<void> => {
    for (const ahead of turns.aheadOf(turn)) {
      ahead.superseded = true
      ahead.wake()
    }
    if (run === undefined || turn.ending === run.commandId) return
    turn.ending = run.commandId
    const { threadId } = turn.command
    const named = { threadId, runId: run.runId, commandId: run.commandId }
    if (executor.end(named, { cause: 'superseded' })) return
    await sendStop(connection, named, 'superseded')
  }

  /** Where a claim came first it is void, and the next look finds that run. */
  const reject = (view: ThreadView, turn: Turn, error: RunnerError): Promise<void> => {
    turn.refusal = error
    return rejectCommand(system, view, turn.command, error)
  }

  /** Once for each time that it is in hand here. */
  const accept = (turn: Turn): void => {
    if (turn.accepted) return
    turn.accepted = true
    const { threadId } = turn.command
    publisher.accepted(turn.command).catch((error) => {
      connection.logger.warn('That a run was accepted was not published', {
        threadId,
        error: messageOf(error),
      })
    })
  }

  return {
    /** Takes a command in hand: its place among the thread's. `wake` is called when it should look again. */
    enter: (command: Command, wake: () => void): Turn => {
      const turn: Turn = { command, superseded: false, waits: false, accepted: false, wake }
      turns.enter(turn)
      return turn
    },
    leave: (turn: Turn): void => turns.leave(turn),
    /** Decides about a command, in turn with the thread's others. */
    admit: (turn: Turn, source: ConsumedRecord, hasPlace: boolean): Promise<Admission> =>
      lanes.run(turn.command.threadId, async () => {
        // A command that was written twice is answered once, and is not in its own way.
        if (turns.hasTwinAhead(turn)) return { what: 'wait' }
        const admission = await admit(turn, source, hasPlace)
        if (turn.waits) accept(turn)
        return admission
      }),
    /** Resolves when another worker's run may have ended: its thread's log has gone on. */
    logGoesOn: (threadId: string, signal: AbortSignal): Promise<void> =>
      views.latest(threadId)?.goesOn(signal) ?? Promise.resolve(),
    /** Tells the caller, if one waits, that its command cannot be answered. */
    giveUp: async (
      command: Command | undefined,
      source: ConsumedRecord,
      error: RunnerError,
    ): Promise<void> => {
      await sendDeadLetter(connection, source, error)
      if (command === undefined) return
      await lanes.run(command.threadId, async () => {
        const view = await viewOf(command)
        const open = openRun(view.state)
        // A run that was claimed is answered by its end, not by a rejection.
        if (open?.commandId === command.commandId) await executor.close(view, open)
        else {
          await rejectCommand(system, view, command, error)
          if (isRejected(view.state, command.commandId)) await publisher.rejected(command, error)
        }
      })
    },
    /** Ends a run that goes on here; wakes those that wait, one of which may be meant. */
    stop: ({ threadId, runId, commandId, cause }: StopRequest): boolean => {
      const named: RunName = { threadId, runId, commandId }
      return executor.end(named, { cause: causeOf({ cause }) })
    },
    wake: (threadId: string): void => turns.wake(threadId),
    executes: executor.executes,
    checkClaims: executor.checkClaims,
    /** Ends all runs, as this worker leaves. */
    shutDown: (): void =>
      executor.endAll({
        cause: 'worker-shutdown',
        code: 'WORKER_SHUTDOWN',
        message: `Worker "${config.workerId}" was shut down while it executed this run. Run it again.`,
      }),
    /** How many runs go on here. */
    get running(): number {
      return executor.running
    },
  }
}

/** What the end of a run says of the request that ended it. */
const causeOf = ({ cause }: Pick<StopRequest, 'cause'>): 'stop' | 'superseded' =>
  cause === 'superseded' ? cause : 'stop'
