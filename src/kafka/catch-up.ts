import type { ConnectionPool } from '@platformatic/kafka'
import type { BrokerAddress } from './cluster.ts'
import { type FetchedPartition, fetchOnce, NO_SESSION } from './fetch.ts'
import type { Follower } from './follower.ts'
import { KAFKA } from './protocol-error.ts'

/** Partitions in one fetch: few, so that one long thread does not hold the others back. */
const PARTITIONS_MAX = 32

export interface CatchUpEvents {
  onCaughtUp(follower: Follower): void
  onLost(followers: Follower[], code: number | undefined): void
}

/**
 * Reads topics of one broker outside a fetch session. Kafka serves one request of a connection at a time: whoever
 * replays is never to stand behind a fetch that waits, so those who wait have a connection of their own.
 */
export class CatchUp {
  readonly #leader: BrokerAddress
  readonly #pool: ConnectionPool
  /** How long a fetch waits for what is not there yet: nothing in a replay. */
  readonly #waitMs: number
  readonly #events: CatchUpEvents
  readonly #followers = new Set<Follower>()
  #running = false

  constructor(leader: BrokerAddress, pool: ConnectionPool, waitMs: number, events: CatchUpEvents) {
    this.#leader = leader
    this.#pool = pool
    this.#waitMs = waitMs
    this.#events = events
  }

  get size(): number {
    return this.#followers.size
  }

  add(follower: Follower): void {
    this.#followers.add(follower)
    if (this.#running) return
    this.#running = true
    void this.#run()
  }

  remove(follower: Follower): void {
    this.#followers.delete(follower)
  }

  async #run(): Promise<void> {
    while (this.#followers.size > 0) {
      const members = this.#takeTurn()
      try {
        await this.#fetch(members)
      } catch {
        // A lost connection: their place is asked for anew, under each follower's own limit.
        this.#lose([...members.values()].flat(), undefined)
      }
    }
    this.#running = false
  }

  /** The next followers by topic; they go to the back of the line. */
  #takeTurn(): Map<string, Follower[]> {
    const members = new Map<string, Follower[]>()
    for (const follower of [...this.#followers]) {
      const same = members.get(follower.topicId)
      if (same === undefined && members.size === PARTITIONS_MAX) continue
      members.set(follower.topicId, [...(same ?? []), follower])
      this.#followers.delete(follower)
      this.#followers.add(follower)
    }
    return members
  }

  async #fetch(members: Map<string, Follower[]>): Promise<void> {
    const all = [...members.values()].flat()
    const connection = await this.#pool.get(this.#leader)
    const answer = await fetchOnce(connection, {
      ...NO_SESSION,
      maxWaitMs: this.#waitMs,
      partitions: [...members].map(([topicId, followers]) => ({
        topicId,
        offset: Math.min(...followers.map(({ position }) => position)),
      })),
      forgotten: [],
    })
    if (answer.errorCode !== KAFKA.NONE) {
      this.#lose(all, answer.errorCode)
      return
    }
    for (const partition of answer.partitions) this.#read(partition, members.get(partition.topicId) ?? [])
  }

  #read(partition: FetchedPartition, followers: Follower[]): void {
    if (partition.errorCode !== KAFKA.NONE) {
      this.#lose(followers, partition.errorCode)
      return
    }
    partition.shared = followers.length > 1
    for (const follower of followers) {
      follower.deliver(partition)
      if (follower.stopped) this.#followers.delete(follower)
      else if (follower.caughtUp) this.#events.onCaughtUp(follower)
    }
  }

  /** Only those still here: a follower may have moved to a live session while the fetch was under way. */
  #lose(followers: Follower[], code: number | undefined): void {
    const lost = followers.filter((follower) => this.#followers.delete(follower))
    this.#events.onLost(lost, code)
  }
}
