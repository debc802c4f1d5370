import { closeShared } from '../agents/shared-resources.ts'
import { decodeCommand } from '../command/command.ts'
import type { WorkerConfig } from '../config.ts'
import type { Connection } from '../connection.ts'
import { type ErrorCode, messageOf, RunnerError } from '../errors.ts'
import type { ConsumedRecord } from '../kafka/consumed-record.ts'
import { createHeart } from '../presence/heart.ts'
import { settlesWithin } from '../system.ts'
import { commandsTopic } from '../topics.ts'
import { type AgentRegistry, agentsNow, agentsOfPool, type LocalAgents } from './agents.ts'
import { answer } from './answer.ts'
import type { Worker } from './contract.ts'
import { Hold } from './hold.ts'
import { Offsets } from './offsets.ts'
import { Place } from './place.ts'
import { createRunCommands } from './run-commands.ts'
import { Slots } from './slots.ts'
import { createStops } from './stops.ts'

export interface WorkerParts {
  connection: Connection
  config: WorkerConfig
  agents: AgentRegistry
  localAgents?: LocalAgents
}

/** Attempts to answer one command before it goes to the dead letters; the pauses between grow to 5 s. */
const ATTEMPTS_MAX = 10
const PAUSE_MS_MAX = 5_000
/** What says that the brokers are away. Each comes after the limits of reading and appending. */
const AWAY = new Set<ErrorCode>([
  'BROKER_UNAVAILABLE',
  'APPEND_FAILED',
  'READ_FAILED',
  'REGISTRY_UNAVAILABLE',
])
const LEAVE_GROUP_MS_MAX = 3_000
const CLOSE_MS_MAX = 5_000

/** A worker on connections that are another's, such as its runner's. */
export const createWorkerOn = (parts: WorkerParts): Worker => {
  const { connection, config } = parts
  const { logger, topics, system, format } = connection
  const startedAt = system.now()
  const instanceId = system.newId()
  const agents = () => agentsOfPool(agentsNow(parts.agents), config.pool)
  const commandTopic = commandsTopic(config.prefix, config.commandPartitions, config.pool)
  const offsets = new Offsets()
  const committed = new Map<number, number>()
  const running = new Slots(config.maxConcurrentRuns)
  const inHand = new Slots(config.waitingCommandsMax + config.maxConcurrentRuns)
  const leaving = new AbortController()
  const handling = new Set<Promise<void>>()
  const held = new Set<Hold>()

  const stops = createStops({
    tail: connection.tail,
    topic: topics.control.name,
    format,
    onStop: (request) => commands.stop(request),
    onKept: ({ threadId }) => commands.wake(threadId),
    logger,
    system,
  })
  const commands = createRunCommands({
    ...parts,
    agents,
    instanceId,
    keptStop: stops.keptFor,
    beHeard: () => heart.beHeard(),
  })
  const heart = createHeart({
    producer: connection.beats,
    topic: topics.workers.name,
    format,
    intervalMs: config.presenceIntervalMs,
    beat: () => ({
      workerId: config.workerId,
      instanceId,
      state: leaving.signal.aborted ? 'draining' : 'running',
      pool: config.pool,
      agents: Object.keys(agents()),
      runs: commands.running,
      startedAt,
    }),
    silenceMs: config.presenceLimitMs,
    onSilence: () => {
      logger.warn('This worker was silent for so long that others may have taken its runs over; it looks')
      commands.checkClaims().catch((error) => {
        logger.error('Its claims could not be looked at', { error: messageOf(error) })
      })
    },
    logger,
    system,
  })

  const consumer = connection.consumeCommands({
    topic: commandTopic.name,
    groupId: config.groupId,
    sessionTimeoutMs: config.sessionTimeoutMs,
    logger,
    onAssigned: (partitions) => {
      offsets.keepOnly(partitions)
      // Others may have committed meanwhile.
      committed.clear()
      for (const hold of held) if (!partitions.includes(hold.partition)) hold.lose()
    },
    onCommand: async (record) => {
      if (leaving.signal.aborted) return
      if (offsets.begin(record.partition, record.offset)) await take(record)
      // It is in hand, or was answered while its partition was another worker's.
      else await commit(record.partition)
    },
  })

  /** Takes a command in hand as soon as there is a place; resolves then, and holds its partition back meanwhile. */
  const take = async (record: ConsumedRecord): Promise<void> => {
    const { partition, offset } = record
    const hold = new Hold(partition, leaving.signal)
    held.add(hold)
    const place = new Place(running, inHand)
    const release = () => {
      place.leave()
      held.delete(hold)
      // The partition may have come back meanwhile, and the command with it.
      if (hold.wasLost && offsets.drop(partition, offset)) void take(record)
    }
    // Not before there is room among those that run: what it is about may be to end one of them.
    if (!(await place.enter(hold.letGo))) return release()
    const handled = handle(record, place, hold).finally(() => {
      handling.delete(handled)
      release()
    })
    handling.add(handled)
  }

  /** Answers a command, and commits what that finishes. Never rejects. */
  const handle = async (record: ConsumedRecord, place: Place, hold: Hold): Promise<void> => {
    for (let attempts = 0; ; ) {
      const error = await problemOf(record, place, hold)
      if (error === undefined || hold.letGo.aborted) return
      // Brokers that are away say nothing about the command, whose run may have begun: it is tried again for
      // as long as this worker lives.
      if (!AWAY.has(error.code)) attempts += 1
      const final = !error.retriable || attempts >= ATTEMPTS_MAX
      if (final && (await giveUp(record, error))) return await finished(record)
      logger.error('A command could not be answered', {
        attempts,
        error: error.message,
        offset: record.offset,
      })
      await system.sleep(Math.min(100 * 2 ** attempts, PAUSE_MS_MAX), hold.letGo)
    }
  }

  /** What kept a command from its answer; nothing when it has one, or is left to who comes next. */
  const problemOf = async (
    record: ConsumedRecord,
    place: Place,
    hold: Hold,
  ): Promise<RunnerError | undefined> => {
    try {
      const command = await decodeCommand(record.key, record.value, format)
      if (await answer({ command, record, place, commands, system, hold })) await finished(record)
      return undefined
    } catch (error) {
      return asRunnerError(error)
    }
  }

  const finished = async ({ partition, offset }: ConsumedRecord): Promise<void> => {
    offsets.done(partition, offset)
    await commit(partition)
  }

  const giveUp = async (record: ConsumedRecord, error: RunnerError): Promise<boolean> => {
    try {
      const isCommand = error.code !== 'COMMAND_UNDECODABLE'
      const command = isCommand ? await decodeCommand(record.key, record.value, format) : undefined
      await commands.giveUp(command, record, error)
      return true
    } catch (problem) {
      logger.error('A command could not even be given up', {
        error: messageOf(problem),
        offset: record.offset,
      })
      return false
    }
  }

  const commit = async (partition: number): Promise<void> => {
    const offset = offsets.committable(partition)
    if (offset === undefined || offset <= (committed.get(partition) ?? 0)) return
    try {
      await consumer.commit(partition, offset)
      committed.set(partition, offset)
      offsets.committed(partition, offset)
    } catch (error) {
      // The partition moved: its new owner gets the command again and finds it answered in the log.
      logger.info('An offset was not committed', { partition, offset, error: messageOf(error) })
    }
  }

  const leave = async (drainTimeoutMs: number): Promise<void> => {
    leaving.abort()
    // Leaving the group waits behind a rebalance that is under way, which may take the session time-out.
    await settlesWithin(system, Promise.all([consumer.stop(), heart.beatNow()]), LEAVE_GROUP_MS_MAX)
    const all = Promise.all(handling)
    await settlesWithin(system, all, drainTimeoutMs)
    commands.shutDown()
    // Agents have their grace time; brokers that are gone must not hold the process back for longer.
    if (!(await settlesWithin(system, all, config.stopGraceMs + CLOSE_MS_MAX))) {
      logger.error('Runs were left unfinished; whoever gets their commands next closes them', {
        runs: commands.running,
      })
    }
    stops.stop()
    await heart.stop()
    await closeShared(logger)
  }

  let started: Promise<void> | undefined
  let stopped: Promise<void> | undefined
  return {
    workerId: config.workerId,
    start: () => {
      started ??= (async () => {
        // A pool's topic is no shared one: only who is of that pool needs it.
        if (config.pool !== undefined) await connection.ensureTopics([commandTopic])
        await Promise.all([stops.start(), heart.start()])
        await consumer.start()
      })()
      return started
    },
    stop: ({ drainTimeoutMs = config.drainTimeoutMs } = {}) => {
      stopped ??=
        started === undefined ? Promise.resolve() : started.catch(() => {}).then(() => leave(drainTimeoutMs))
      return stopped
    },
  }
}

const asRunnerError = (error: unknown): RunnerError =>
  error instanceof RunnerError
    ? error
    : new RunnerError('COMMAND_UNANSWERED', `A command failed in its worker: ${messageOf(error)}`, {
        cause: error,
      })
