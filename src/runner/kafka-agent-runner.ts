import type { AbstractAgent, BaseEvent, Message, RunAgentInput } from '@ag-ui/client'
import { Observable } from 'rxjs'
import { type Command, encodeCommand } from '../command/command.ts'
import {
  type RunnerConfig,
  type RunnerInput,
  runnerConfig,
  type WorkerInput,
  workerConfig,
} from '../config.ts'
import { type Connection, createConnection } from '../connection.ts'
import { RunnerError } from '../errors.ts'
import { openRun } from '../log/reducer.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import type { Beat } from '../presence/beat.ts'
import type { Agents, LocalAgents } from '../worker/agents.ts'
import { createWorkerOn } from '../worker/command-worker.ts'
import type { Worker } from '../worker/contract.ts'
import { Places } from './places.ts'
import { replay } from './replay.ts'
import { RunCall } from './run-call.ts'
import { stopRun } from './stop-call.ts'
import { type ThreadStatus, threadStatus } from './thread-status.ts'

/** The worker inside a runner's process; what it shares with the runner is the runner's to set. */
export type EmbeddedWorker = Omit<WorkerInput, 'kafka' | 'prefix' | 'commandPartitions'> & { agents?: Agents }

export interface KafkaAgentRunnerOptions extends RunnerInput {
  /**
   * True: execute runs in this process, with the very agent given to `run()`. An object also names agents
   * for the commands of other processes. False: submit and read only. @default true
   */
  worker?: boolean | EmbeddedWorker
  /** @default warnings and errors on standard error */
  logger?: Logger
}

export interface RunRequest {
  threadId: string
  agent: AbstractAgent
  input: RunAgentInput
  /** Part of CopilotKit's contract; the log keeps the messages itself. */
  persistedInputMessages?: Message[]
}

export interface ConnectRequest {
  threadId: string
  /** Stay when the thread is idle, and show later runs too. @default false */
  follow?: boolean
}

/**
 * CopilotKit's AgentRunner on a Kafka log: any number of processes see the same threads, and a thread
 * outlives them all.
 */
export class KafkaAgentRunner {
  readonly #config: RunnerConfig
  readonly #connection: Connection
  readonly #places: Places
  readonly #localAgents: LocalAgents = new Map()
  readonly #worker: Worker | undefined
  /** This process's runs that have not ended, by thread. */
  readonly #calls = new Map<string, RunCall>()
  readonly #stopping = new Set<string>()
  #started: Promise<void> | undefined
  #closed: Promise<void> | undefined

  /** @throws RunnerError CONFIG_INVALID, which names the option */
  constructor({ worker = true, logger = stderrLogger, ...input }: KafkaAgentRunnerOptions) {
    this.#config = runnerConfig(input)
    const { kafka, prefix, commandPartitions } = this.#config
    this.#connection = createConnection(this.#config, logger)
    this.#places = new Places(this.#connection.logs, this.#config.threadsCachedMax)
    if (worker === false) return
    const { agents = {}, ...own } = worker === true ? {} : worker
    const config = workerConfig({
      presenceLimitMs: this.#config.presenceLimitMs,
      ...own,
      kafka,
      prefix,
      commandPartitions,
    })
    this.#worker = createWorkerOn({
      connection: this.#connection,
      config,
      agents,
      localAgents: this.#localAgents,
    })
  }

  /**
   * Creates and checks the shared topics and joins the workers. Optional: the first use does it.
   * @throws RunnerError BROKER_UNAVAILABLE, TOPIC_MISMATCH
   */
  start(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError())
    this.#started ??= this.#connect().catch((error) => {
      this.#started = undefined
      throw error
    })
    return this.#started
  }

  async #connect(): Promise<void> {
    await this.#connection.start()
    await this.#worker?.start()
  }

  /** Lets this process's worker drain, then closes all connections. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#started?.catch(() => {})
      await this.#worker?.stop()
      for (const call of this.#calls.values()) call.fail(closedError())
      await this.#connection.close()
    })()
    return this.#closed
  }

  /**
   * Runs an agent on a thread and gives its events as the brokers acknowledge them. The run starts at once,
   * subscribed to or not. What fails is a RUN_ERROR in the stream, never an error of the Observable.
   * @throws Error 'Thread already running', when this process has a run on the thread; `TOO_MANY_RUNS`
   */
  run({ threadId, agent, input }: RunRequest): Observable<BaseEvent> {
    if (this.#calls.has(threadId)) throw new RunnerError('THREAD_BUSY', 'Thread already running')
    if (this.#calls.size >= this.#config.runsMax) throw tooManyRuns(this.#config.runsMax)
    const command: Command = {
      version: 1,
      commandId: this.#connection.system.newId(),
      threadId,
      agentId: agent.agentId ?? 'default',
      input: { ...input, threadId },
      onConcurrentRun: this.#config.onConcurrentRun,
      headers: allowedHeaders(agent, this.#config.forwardHeaders),
      time: this.#connection.system.now(),
    }
    const call = new RunCall({
      logs: this.#connection.logs,
      places: this.#places,
      threadId,
      runId: input.runId,
      commandId: command.commandId,
      answerTimeoutMs: this.#config.answerTimeoutMs,
      system: this.#connection.system,
      onEnd: () => {
        this.#calls.delete(threadId)
        this.#localAgents.delete(command.commandId)
      },
    })
    this.#calls.set(threadId, call)
    if (this.#worker !== undefined) this.#localAgents.set(command.commandId, agent)
    void this.#submit(call, command)
    return call.events.asObservable()
  }

  async #submit(call: RunCall, command: Command): Promise<void> {
    try {
      const value = encodeCommand(command)
      await this.start()
      const { producer, topics } = this.#connection
      await call.start(() => producer.send({ topic: topics.commands.name, key: command.threadId, value }))
    } catch (error) {
      call.fail(error)
    }
  }

  /** Replays a thread from offset zero and goes on with its live run; completes when none goes on. */
  connect({ threadId, follow = false }: ConnectRequest): Observable<BaseEvent> {
    const awaited = this.#calls.get(threadId)
    return new Observable((subscriber) => {
      let inner: { unsubscribe(): void } | undefined
      let left = false
      this.start().then(
        () => {
          if (left) return
          inner = replay({ logs: this.#connection.logs, threadId, follow, awaited }).subscribe(subscriber)
        },
        (error) => subscriber.error(error),
      )
      return () => {
        left = true
        inner?.unsubscribe()
      }
    })
  }

  /**
   * Whether the thread has a run, in any process. A run of this one counts from `run()` on.
   * @throws RunnerError READ_FAILED, BROKER_UNAVAILABLE
   */
  async isRunning({ threadId }: { threadId: string }): Promise<boolean> {
    if (this.#calls.has(threadId)) return true
    await this.start()
    const place = await this.#places.latest(threadId)
    return place !== undefined && openRun(place.state) !== undefined
  }

  /**
   * Stops a thread's run, or exactly the run named, in whichever process it goes on. True when it ended by
   * this, false when there is no such run, undefined when that was not seen within `stopTimeoutMs`.
   * @throws RunnerError READ_FAILED, BROKER_UNAVAILABLE
   */
  async stop({ threadId, runId }: { threadId: string; runId?: string }): Promise<boolean | undefined> {
    await this.start()
    const call = this.#calls.get(threadId)
    await call?.ready
    const place = await this.#places.latest(threadId)
    if (place === undefined) return false
    const open = openRun(place.state)
    const target = [open, call].find((run) => run !== undefined && (runId ?? run.runId) === run.runId)
    if (target === undefined || this.#stopping.has(target.commandId)) return false
    this.#stopping.add(target.commandId)
    try {
      const { commandId, runId: exact } = target
      const timeoutMs = this.#config.stopTimeoutMs
      return await stopRun({
        connection: this.#connection,
        threadId,
        runId: exact,
        commandId,
        from: place,
        timeoutMs,
      })
    } finally {
      this.#stopping.delete(target.commandId)
    }
  }

  /** The workers that are there, by their last beats. */
  async workers(): Promise<Beat[]> {
    await this.start()
    return this.#connection.presence.present()
  }

  /** What the thread's log says about its runs; undefined for a thread that has none. */
  async status(threadId: string): Promise<ThreadStatus | undefined> {
    await this.start()
    const place = await this.#places.latest(threadId)
    return place && threadStatus(threadId, place)
  }
}

const allowedHeaders = (agent: AbstractAgent, names: string[]): Record<string, string> => {
  const headers = (agent as { headers?: Record<string, string> }).headers ?? {}
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name.toLowerCase())))
}

const tooManyRuns = (max: number): RunnerError =>
  new RunnerError(
    'TOO_MANY_RUNS',
    `This runner has ${max} runs under way, its limit (runsMax). Let some end first.`,
  )

const closedError = (): RunnerError =>
  new RunnerError(
    'RUNNER_CLOSED',
    'This runner was closed. Runs that workers execute go on; connect to them from another.',
  )
