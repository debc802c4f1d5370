import type { ConnectionPool } from '@platformatic/kafka'
import { sleep } from '../sleep.ts'
import type { BrokerAddress, Cluster } from './cluster.ts'
import { type FetchAnswer, type FetchedPartition, fetchOnce } from './fetch.ts'
import type { Follower } from './follower.ts'
import { KAFKA } from './protocol-error.ts'

/** Kafka's max wait of a long poll. A thread that joins in the middle of one is served by the catch-up meanwhile. */
const LONG_POLL_MS = 250
const RECONNECT_PAUSE_MS = 20
const EPOCH_MAX = 0x7fffffff

interface Entry {
  topicId: string
  position: number
  followers: Set<Follower>
  /** The broker does not know this position yet. */
  changed: boolean
}

export interface LiveSessionEvents {
  /** The follower is served here from now on. */
  onJoined(follower: Follower): void
  /** The partition or the whole broker failed: its followers have to be located anew. */
  onLost(followers: Follower[], code: number | undefined): void
}

/**
 * One incremental fetch session (KIP-227) with a connection of its own: an idle thread costs nothing in a
 * request, but each append wakes a check of all the session's partitions, so a session holds some tens.
 */
export class LiveSession {
  readonly #cluster: Cluster
  readonly #leader: BrokerAddress
  readonly #pool: ConnectionPool
  readonly #events: LiveSessionEvents
  readonly #entries = new Map<string, Entry>()
  readonly #joining = new Set<Follower>()
  readonly #forgotten = new Set<string>()
  #sessionId = 0
  #epoch = 0
  #running = false
  #closed = false

  constructor(cluster: Cluster, leader: BrokerAddress, events: LiveSessionEvents) {
    this.#cluster = cluster
    this.#leader = leader
    this.#events = events
    this.#pool = cluster.newPool()
  }

  /** Topics here or on the way here. */
  get size(): number {
    return this.#entries.size + this.#joining.size
  }

  has(topicId: string): boolean {
    return this.#entries.has(topicId) || [...this.#joining].some((follower) => follower.topicId === topicId)
  }

  join(follower: Follower): void {
    this.#joining.add(follower)
    if (this.#running || this.#closed) return
    this.#running = true
    void this.#run()
  }

  leave(follower: Follower): void {
    this.#joining.delete(follower)
    const entry = this.#entries.get(follower.topicId)
    if (entry === undefined) return
    entry.followers.delete(follower)
    if (entry.followers.size === 0) this.#drop(entry)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#cluster.closePool(this.#pool)
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.size > 0) {
      this.#admit()
      try {
        const connection = await this.#pool.get(this.#leader)
        const changed = [...this.#entries.values()].filter((entry) => entry.changed)
        for (const entry of changed) entry.changed = false
        const forgotten = [...this.#forgotten]
        this.#forgotten.clear()
        const answer = await fetchOnce(connection, {
          maxWaitMs: LONG_POLL_MS,
          sessionId: this.#sessionId,
          sessionEpoch: this.#epoch,
          partitions: changed.map(({ topicId, position }) => ({ topicId, offset: position })),
          // A session that starts names what it wants, and has nothing to forget.
          forgotten: this.#epoch === 0 ? [] : forgotten,
        })
        this.#read(answer)
      } catch {
        // Whatever was lost with the connection, the followers' new place is asked for, under their own limit.
        this.#reset()
        this.#lose([...this.#entries.values()], undefined)
        await sleep(RECONNECT_PAUSE_MS)
      }
    }
    this.#running = false
  }

  /** Takes in those who wait and are not behind: a partition has one position in a session. */
  #admit(): void {
    for (const follower of this.#joining) {
      const entry = this.#entries.get(follower.topicId)
      if (entry !== undefined && follower.position < entry.position) continue
      this.#joining.delete(follower)
      if (entry === undefined) {
        const { topicId, position } = follower
        this.#forgotten.delete(topicId)
        this.#entries.set(topicId, { topicId, position, followers: new Set([follower]), changed: true })
      } else {
        entry.followers.add(follower)
      }
      this.#events.onJoined(follower)
    }
  }

  #read(answer: FetchAnswer): void {
    if (answer.errorCode !== KAFKA.NONE) {
      // The broker evicted the session, or a topic id in it is gone: all start anew.
      const all = [...this.#entries.values()]
      this.#reset()
      this.#lose(all, answer.errorCode)
      return
    }
    this.#sessionId = answer.sessionId
    this.#epoch = this.#epoch === EPOCH_MAX ? 1 : this.#epoch + 1
    for (const partition of answer.partitions) this.#readPartition(partition)
  }

  #readPartition(partition: FetchedPartition): void {
    const entry = this.#entries.get(partition.topicId)
    if (entry === undefined) return
    if (partition.errorCode !== KAFKA.NONE) {
      this.#lose([entry], partition.errorCode)
      return
    }
    if (partition.nextOffset !== undefined && partition.nextOffset > entry.position) {
      entry.position = partition.nextOffset
      entry.changed = true
    }
    partition.shared = entry.followers.size > 1
    for (const follower of entry.followers) follower.deliver(partition)
  }

  #lose(entries: Entry[], code: number | undefined): void {
    const followers = entries.flatMap((entry) => [...entry.followers])
    for (const entry of entries) this.#drop(entry)
    this.#events.onLost(followers, code)
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry.topicId)
    this.#forgotten.add(entry.topicId)
  }

  #reset(): void {
    this.#sessionId = 0
    this.#epoch = 0
    this.#forgotten.clear()
    for (const entry of this.#entries.values()) entry.changed = true
  }
}
