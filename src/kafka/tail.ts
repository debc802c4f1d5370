import type { ConnectionPool } from '@platformatic/kafka'
import { messageOf, RunnerError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import { CatchUp } from './catch-up.ts'
import type { BrokerAddress, Cluster, Place } from './cluster.ts'
import { Follower, type FollowHandlers } from './follower.ts'
import { LiveSession } from './live-session.ts'
import { isRetriable, KAFKA, nameOf } from './protocol-error.ts'

/** Reads single-partition topics without a consumer group: replay first, then the live tail. */
export interface Tail {
  /**
   * Follows a topic from an offset. `stop` is idempotent; nothing is delivered after it. With `topicId`
   * another topic of that name is none.
   */
  follow(topic: string, from: number, handlers: FollowHandlers, topicId?: string): { stop(): void }
  close(): Promise<void>
}

export interface TailOptions {
  /** How long a follower goes without an answer before it fails. */
  readTimeoutMs: number
}

/** Between 32 and 64: design figure, measured at 1,000 threads (one session: p99 174 ms; of 32: 22 ms). */
const SESSION_TOPICS_MAX = 48

/** A topic that is there may be unknown to a broker for some moments, when it is new or changes its leader. */
const GONE_AFTER_MS = 5_000
/** Brokers know a topic that was read before, if it is still there; who asks for it can also ask again. */
const KNOWN_GONE_AFTER_MS = 500

/** How long a follower that waits for its live session's long poll to turn over is served by one fetch. */
const JOIN_WAIT_MS = 5
/** Fetches that wait, side by side: who has just caught up is to find one that is idle. */
const JOINS_MAX = 4

/** Everything that serves one broker's partitions. */
interface Lane {
  replays: CatchUp
  /** For those who have caught up, until their live session takes them in. */
  joins: CatchUp[]
  sessions: LiveSession[]
}

export const createTail = (cluster: Cluster, options: TailOptions): Tail => {
  const lanes = new Map<string, Lane>()
  const homes = new Map<Follower, Lane>()
  const pools = Array.from({ length: 1 + JOINS_MAX }, () => cluster.newPool())
  const closing = new AbortController()

  const laneOf = (leader: BrokerAddress): Lane => {
    const address = `${leader.host}:${leader.port}`
    const known = lanes.get(address)
    if (known !== undefined) return known
    const [replayPool, ...joinPools] = pools as [ConnectionPool, ...ConnectionPool[]]
    const replays = new CatchUp(leader, replayPool, 0, {
      onCaughtUp: (follower) => {
        replays.remove(follower)
        leastOf(lane.joins).add(follower)
        sessionFor(lane, leader, follower.topicId).join(follower)
      },
      onLost: relocateAll,
    })
    const joins = joinPools.map(
      (pool) => new CatchUp(leader, pool, JOIN_WAIT_MS, { onCaughtUp: () => {}, onLost: relocateAll }),
    )
    const lane: Lane = { replays, joins, sessions: [] }
    lanes.set(address, lane)
    return lane
  }

  const sessionFor = (lane: Lane, leader: BrokerAddress, topicId: string): LiveSession => {
    const own = lane.sessions.find((session) => session.has(topicId))
    const roomy = own ?? lane.sessions.find((session) => session.size < SESSION_TOPICS_MAX)
    if (roomy !== undefined) return roomy
    const session = new LiveSession(cluster, leader, {
      onJoined: (follower) => {
        for (const join of lane.joins) join.remove(follower)
      },
      onLost: relocateAll,
    })
    lane.sessions.push(session)
    return session
  }

  const leaveAll = (follower: Follower): void => {
    const lane = homes.get(follower)
    homes.delete(follower)
    lane?.replays.remove(follower)
    for (const join of lane?.joins ?? []) join.remove(follower)
    for (const session of lane?.sessions ?? []) session.leave(follower)
  }

  const relocateAll = (followers: Follower[], code: number | undefined): void => {
    for (const follower of followers) {
      leaveAll(follower)
      cluster.forget(follower.topic)
      follower.failed()
      void place(follower, code)
    }
  }

  /** Finds the follower's broker, again and again until its time is over, and starts its catch-up there. */
  const place = async (follower: Follower, code?: number, reason = nameOf(code ?? -1)): Promise<void> => {
    if (code !== undefined && !passes(code)) return follower.fail(readError(follower.topic, reason))
    if (follower.failingForMs() > options.readTimeoutMs)
      return follower.fail(readError(follower.topic, reason))
    await sleep(follower.pauseMs(), closing.signal)
    if (follower.stopped) return
    try {
      const found = await cluster.locate(follower.topic)
      if (found === undefined || follower.isOther(found.topicId)) {
        if (isGone(follower, found)) return follower.miss()
        cluster.forget(follower.topic)
        follower.failed()
        return place(follower, code)
      }
      if (code === KAFKA.OFFSET_OUT_OF_RANGE) await rewind(follower, found)
      if (!follower.stopped) settle(follower, found)
    } catch (error) {
      follower.failed()
      return place(follower, code, messageOf(error))
    }
  }

  const settle = (follower: Follower, found: Place): void => {
    follower.topicId = found.topicId
    follower.place = found
    follower.established ||= found.served
    const lane = laneOf(found.leader)
    homes.set(follower, lane)
    lane.replays.add(follower)
  }

  /** Retention may have removed the start of a topic; a position behind its end means another log. */
  const rewind = async (follower: Follower, found: Place): Promise<void> => {
    const earliest = Number(await cluster.earliestOffset(follower.topic, 0, found.leader))
    if (earliest > follower.position) follower.position = earliest
    else
      follower.fail(
        readError(follower.topic, `it ends before offset ${follower.position}, which was read already`),
      )
  }

  const follow = (topic: string, from: number, handlers: FollowHandlers, topicId?: string) => {
    const follower = new Follower(topic, from, handlers, topicId)
    if (closing.signal.aborted) follower.fail(new RunnerError('RUNNER_CLOSED', 'The reader was closed.'))
    else void place(follower)
    return {
      stop: () => {
        follower.stopped = true
        leaveAll(follower)
      },
    }
  }

  const close = async (): Promise<void> => {
    closing.abort()
    const followers = [...homes.keys()]
    for (const follower of followers) {
      leaveAll(follower)
      follower.fail(new RunnerError('RUNNER_CLOSED', 'The reader was closed.'))
    }
    const sessions = [...lanes.values()].flatMap((lane) => lane.sessions)
    await Promise.all([
      ...sessions.map((session) => session.close()),
      ...pools.map((pool) => cluster.closePool(pool)),
    ])
  }

  return { follow, close }
}

const leastOf = (joins: readonly CatchUp[]): CatchUp =>
  joins.reduce((least, join) => (join.size < least.size ? join : least))

/** Whether a topic that brokers do not know, or another one in its place, means that it was deleted. */
const isGone = (follower: Follower, other: Place | undefined): boolean => {
  if (follower.served) return follower.failingForMs() > GONE_AFTER_MS
  if (follower.wantedId !== undefined || follower.established)
    return other !== undefined || follower.failingForMs() > KNOWN_GONE_AFTER_MS
  return follower.place === undefined || follower.failingForMs() > GONE_AFTER_MS
}

/** Session-wide errors (evicted session, unknown topic id in it) pass once every topic is located anew. */
const SESSION_ERRORS = new Set([-1, 70, 71, 106])

const passes = (code: number): boolean =>
  isRetriable(code) || SESSION_ERRORS.has(code) || code === KAFKA.OFFSET_OUT_OF_RANGE

const readError = (topic: string, reason: string): RunnerError =>
  new RunnerError(
    'READ_FAILED',
    `Topic "${topic}" cannot be read: ${reason}. Check that the brokers that hold it are up.`,
  )
