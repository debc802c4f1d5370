import type { AbstractAgent, BaseEvent, Message } from '@ag-ui/client'
import { map, Observable } from 'rxjs'
import { type Command, encodeCommand } from '../command/command.ts'
import { type RunnerConfig, runnerConfig, workerConfig } from '../config.ts'
import { type Connection, createConnection } from '../connection.ts'
import { RunnerError } from '../errors.ts'
import { openRun } from '../log/reducer.ts'
import { stderrLogger } from '../logger.ts'
import type { Beat } from '../presence/beat.ts'
import { settlesWithin } from '../system.ts'
import { commandsTopic } from '../topics.ts'
import { LOCAL_THREADS_MAX, type LocalThread, localState, localThread } from '../view/local-threads.ts'
import { RunView } from '../view/run-view.ts'
import type { ThreadPage, ViewStatus } from '../view/thread-page.ts'
import { pageRequest, type ThreadQuery } from '../view/thread-query.ts'
import { type LocalAgents, poolsOf } from '../worker/agents.ts'
import { createWorkerOn } from '../worker/command-worker.ts'
import type { Worker } from '../worker/contract.ts'
import { Calls } from './calls.ts'
import type { ConnectRequest, KafkaAgentRunnerOptions, RunRequest } from './contract.ts'
import { parseCursor } from './cursor.ts'
import { deleteThread } from './delete-call.ts'
import { Places } from './places.ts'
import { type PoolStatus, poolStatus } from './pool-status.ts'
import type { ReadEvent, RunEvent } from './read-event.ts'
import { replay } from './replay.ts'
import { RunCall } from './run-call.ts'
import { stopRun } from './stop-call.ts'
import { stopTarget } from './stop-target.ts'
import { type ThreadStatus, threadStatus } from './thread-status.ts'

/** How long the list of topics is good for. */
const POOL_TOPICS_MS = 30_000

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
  readonly #workerPool: string | undefined
  /** By agent id. */
  readonly #agentPools: Record<string, string>
  readonly #calls = new Calls()
  readonly #stopping = new Set<string>()
  readonly #view: RunView | undefined
  /** CopilotKit's mark of a runner that has listThreads() and what goes with it. */
  readonly ɵsupportsLocalThreadEndpoints: boolean
  #listedPools: string[] = []
  #listedUntil = Number.NEGATIVE_INFINITY
  #started: Promise<void> | undefined
  #closed: Promise<void> | undefined

  /** @throws RunnerError CONFIG_INVALID, which names the option */
  constructor(options: KafkaAgentRunnerOptions)
  // Not declared to the public: the same runner on another connection, as in the simulator.
  constructor(
    { worker = true, view = false, logger = stderrLogger, ...input }: KafkaAgentRunnerOptions,
    connect = createConnection,
  ) {
    this.#config = runnerConfig(input)
    const { kafka, prefix, commandPartitions } = this.#config
    this.#connection = connect(this.#config, logger)
    this.#places = new Places(this.#connection.logs, this.#config.threadsCachedMax)
    if (view !== false) this.#view = new RunView(this.#connection, view === true ? {} : view)
    this.ɵsupportsLocalThreadEndpoints = this.#view !== undefined
    const { agents = {}, ...own } = typeof worker === 'boolean' ? {} : worker
    this.#agentPools = { ...poolsOf(agents), ...this.#config.pools }
    if (worker === false) return
    const config = workerConfig({
      presenceLimitMs: this.#config.presenceLimitMs,
      ...own,
      kafka,
      prefix,
      commandPartitions,
    })
    this.#workerPool = config.pool
    this.#worker = createWorkerOn({
      connection: this.#connection,
      config,
      agents,
      localAgents: this.#localAgents,
    })
  }

  /**
   * Creates and checks the shared topics and joins the workers. Optional: the first use does it.
   * @throws RunnerError BROKER_UNAVAILABLE, TOPIC_MISMATCH; with a `view` VIEW_MISMATCH, VIEW_UNAVAILABLE
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
    const { prefix, commandPartitions } = this.#config
    const topics = this.#pools().map((pool) => commandsTopic(prefix, commandPartitions, pool))
    if (topics.length > 0) await this.#connection.ensureTopics(topics)
    await this.#view?.start()
    await this.#worker?.start()
  }

  /** Lets this process's worker drain, then closes all connections. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#started?.catch(() => {})
      await this.#worker?.stop()
      for (const call of this.#calls.all()) call.fail(closedError())
      await this.#view?.close()
      await this.#connection.close()
    })()
    return this.#closed
  }

  /**
   * Runs an agent on a thread and gives its events as the brokers acknowledge them. The run starts at once,
   * subscribed to or not. What fails is a RUN_ERROR in the stream, never an error of the Observable.
   * @throws Error 'Thread already running', when this process has a run on the thread and the second is to be
   * rejected; `TOO_MANY_RUNS`
   */
  run(request: RunRequest): Observable<BaseEvent> {
    return this.readRun(request).pipe(map(({ event }) => event))
  }

  /**
   * As `run`, with the cursor of each event of the thread: who loses this stream goes on with `connect` or
   * `read`, in any process.
   * @throws Error as `run`
   */
  readRun({ threadId, agent, input, onConcurrentRun }: RunRequest): Observable<RunEvent> {
    const mode = onConcurrentRun ?? this.#config.onConcurrentRun
    if (mode === 'reject' && this.#calls.of(threadId).length > 0)
      throw new RunnerError('THREAD_BUSY', 'Thread already running')
    if (this.#calls.size >= this.#config.runsMax) throw tooManyRuns(this.#config.runsMax)
    const command: Command = {
      version: 1,
      commandId: this.#connection.system.newId(),
      threadId,
      agentId: agent.agentId ?? 'default',
      input: { ...input, threadId },
      onConcurrentRun: mode,
      ttlMs: this.#config.commandTtlMs,
      runTimeoutMs: this.#config.runTimeoutMs,
      headers: allowedHeaders(agent, this.#config.forwardHeaders),
      traceparent: traceOf(agent),
      time: this.#connection.system.now(),
    }
    const call = new RunCall({
      logs: this.#connection.logs,
      places: this.#places,
      threadId,
      runId: input.runId,
      commandId: command.commandId,
      ttlMs: this.#config.commandTtlMs,
      system: this.#connection.system,
      onEnd: () => {
        this.#calls.remove(call)
        this.#localAgents.delete(command.commandId)
      },
    })
    this.#calls.add(call)
    const pool = this.#agentPools[command.agentId]
    if (this.#worker !== undefined && pool === this.#workerPool)
      this.#localAgents.set(command.commandId, agent)
    void this.#submit(call, command)
    return call.events.asObservable()
  }

  async #submit(call: RunCall, command: Command): Promise<void> {
    try {
      await this.start()
      const value = encodeCommand(command, this.#connection.format)
      const { prefix, commandPartitions } = this.#config
      const topic = commandsTopic(prefix, commandPartitions, this.#agentPools[command.agentId]).name
      await call.start(() => this.#connection.producer.send({ topic, key: command.threadId, value }))
    } catch (error) {
      call.fail(error)
    }
  }

  /**
   * Replays what a reader is missing of a thread, all of it by default, and goes on with its live run;
   * completes when none goes on. What fails is an error of the Observable. rxjs calls subscribers
   * synchronously: one that works on an event holds back this process's reading of all threads, and one that
   * puts events aside to take them later needs a limit of its own; over HTTP each reader has one.
   * @throws RunnerError INPUT_INVALID, where `after` is no cursor
   */
  connect(request: ConnectRequest): Observable<BaseEvent> {
    return this.read(request).pipe(map(({ event }) => event))
  }

  /**
   * As `connect`, with the cursor of each event: who has it has everything before it too, and goes on with
   * `after` from there.
   * @throws RunnerError INPUT_INVALID, where `after` is no cursor
   */
  read({ threadId, after, follow = false }: ConnectRequest): Observable<ReadEvent> {
    const cursor = parseCursor(after)
    // The latest: a reader that comes back sees what was asked for last, and all before it.
    const awaited = this.#calls.of(threadId).at(-1)
    return new Observable((subscriber) => {
      let inner: { unsubscribe(): void } | undefined
      let left = false
      this.start().then(
        () => {
          if (left) return
          const { logs } = this.#connection
          inner = replay({ logs, threadId, after: cursor, follow, awaited }).subscribe(subscriber)
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
    if (this.#calls.of(threadId).length > 0) return true
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
    const calls = this.#calls.of(threadId)
    const target = await stopTarget({
      connection: this.#connection,
      places: this.#places,
      pools: this.#pools(),
      threadId,
      runId,
      calls,
    })
    if (target === undefined || this.#stopping.has(target.commandId)) return false
    this.#stopping.add(target.commandId)
    try {
      const { stopTimeoutMs: timeoutMs } = this.#config
      const stopped = await stopRun({ connection: this.#connection, threadId, timeoutMs, ...target })
      const call = calls.find(({ commandId }) => commandId === target.commandId)
      // Whoever hears of the end may run the thread again at once.
      if (stopped !== undefined && call !== undefined)
        await settlesWithin(this.#connection.system, call.done, timeoutMs)
      return stopped
    } finally {
      this.#stopping.delete(target.commandId)
    }
  }

  /** The pools that this runner sends commands to. */
  #pools(): string[] {
    return [...new Set(Object.values(this.#agentPools))]
  }

  /**
   * Deletes a thread for good: ends its run, removes its log and its directory entry. Its readers end with
   * THREAD_DELETED; a run on it begins a new thread. False when it has no log. A call that failed may be
   * repeated, and finishes what the first left undone.
   * @throws RunnerError THREAD_BUSY when its run was not seen to end within `stopTimeoutMs`, and nothing was
   * removed; READ_FAILED, APPEND_FAILED, BROKER_UNAVAILABLE
   */
  async deleteThread({ threadId }: { threadId: string }): Promise<boolean> {
    await this.start()
    return deleteThread({
      connection: this.#connection,
      places: this.#places,
      pools: this.#pools(),
      threadId,
      stopTimeoutMs: this.#config.stopTimeoutMs,
    })
  }

  /** The workers that are there, by their last beats. */
  async workers(): Promise<Beat[]> {
    await this.start()
    return this.#connection.presence.present()
  }

  /**
   * The pools, and how many workers each has.
   * @throws RunnerError READ_FAILED, BROKER_UNAVAILABLE
   */
  async pools(): Promise<PoolStatus[]> {
    await this.start()
    return poolStatus(this.#connection.presence.present(), this.#agentPools, await this.#poolTopics())
  }

  /** Pools that have a topic. Brokers list all topics for it, of which each thread is one: not at each probe. */
  async #poolTopics(): Promise<string[]> {
    const { backlog, system, topics } = this.#connection
    if (system.elapsed() > this.#listedUntil) {
      const start = `${topics.commands.name}.`
      this.#listedPools = (await backlog.topics(start)).map((name) => name.slice(start.length))
      this.#listedUntil = system.elapsed() + POOL_TOPICS_MS
    }
    return this.#listedPools
  }

  /**
   * A page of the threads, the latest change first. Where its `view` is not caught up, it may miss the latest.
   * @throws RunnerError INPUT_INVALID, which names the field; VIEW_UNAVAILABLE without the option `view`
   */
  async threads(query: ThreadQuery = {}): Promise<ThreadPage> {
    const request = pageRequest(query)
    await this.start()
    return this.#viewed().page(request)
  }

  /**
   * How far the list of threads has come; undefined without the option `view`. What follows shows threads as
   * they were then, and throws VIEW_UNAVAILABLE before the runner was started.
   */
  viewStatus(): ViewStatus | undefined {
    return this.#view?.status()
  }

  /** The 10,000 threads that changed last, the latest first: CopilotKit's list has no pages, `threads()` has. */
  listThreads(): LocalThread[] {
    const { threads } = this.#viewed().page({
      from: 0,
      to: Number.MAX_SAFE_INTEGER,
      limit: LOCAL_THREADS_MAX,
    })
    return threads.map(localThread)
  }

  /** The thread's messages after its ended runs, as a replay leads to; none of a thread that is not known. */
  getThreadMessages(threadId: string): Message[] {
    return this.#viewed().messages(threadId)
  }

  /** The events of the thread's ended runs, as a replay gives them. */
  getThreadEvents(threadId: string): BaseEvent[] {
    return this.#viewed().events(threadId)
  }

  /** The thread's state after its ended runs; null where no run set one, it is no object, or runs that set it are missing. */
  getThreadState(threadId: string): Record<string, unknown> | null {
    return localState(this.#viewed().state(threadId))
  }

  /**
   * Removes nothing: CopilotKit's button for its in-memory runner must not empty a cluster that others use.
   * `deleteThread` deletes one.
   */
  clearThreads(): void {}

  #viewed(): RunView {
    if (this.#view !== undefined) return this.#view
    throw new RunnerError(
      'VIEW_UNAVAILABLE',
      'This runner keeps no list of threads. Give it the option view: true, or { path } for a file.',
    )
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

/** The trace that the request belongs to, where the agent's headers have one of W3C's form. */
const traceOf = (agent: AbstractAgent): string | undefined => {
  const [trace] = Object.values(allowedHeaders(agent, ['traceparent']))
  return trace !== undefined && TRACEPARENT.test(trace) ? trace : undefined
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

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
