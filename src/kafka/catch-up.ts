import type { ConnectionPool } from '@platformatic/kafka'
import type { BrokerAddress } from './cluster.ts'
import { type FetchedPartition, fetchOnce, NO_SESSION } from './fetch.ts'
import type { Follower } from './follower.ts'
import { KAFKA } from './protocol-error.ts'

/** How long a fetch waits when all it serves have caught up and only wait for a live session to turn over. */
const JOIN_WAIT_MS = 5
/** Partitions in one fetch: few, so that one long thread does not hold the others back. */
const PARTITIONS_MAX = 32

export interface CatchUpEvents {
  onCaughtUp(follower: Follower): void
  onLost(followers: Follower[], code: number | undefined): void
}

/** Replays threads from one broker, over a connection that never waits for what is not there yet. */
export class CatchUp {
  readonly #leader: BrokerAddress
  readonly #pool: ConnectionPool
  readonly #events: CatchUpEvents
  readonly #followers = new Set<Follower>()
  #running = false

  constructor(leader: BrokerAddress, pool: ConnectionPool, events: CatchUpEvents) {
    this.#leader = leader
    this.#pool = pool
    this.#events = events
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
      maxWaitMs: all.every(({ caughtUp }) => caughtUp) ? JOIN_WAIT_MS : 0,
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
    for (const follower of followers) {
      const before = follower.caughtUp
      follower.deliver(partition)
      if (follower.stopped) this.#followers.delete(follower)
      else if (!before && follower.caughtUp) this.#events.onCaughtUp(follower)
    }
  }

  /** Only those still here: a follower may have moved to a live session while the fetch was under way. */
  #lose(followers: Follower[], code: number | undefined): void {
    const lost = followers.filter((follower) => this.#followers.delete(follower))
    this.#events.onLost(lost, code)
  }
}
