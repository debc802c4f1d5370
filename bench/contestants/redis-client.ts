// The bench's own plain runner on Redis Streams: a stream a thread, an entry an event. No locks, no recovery.
import { randomUUID } from 'node:crypto'
import type { BaseEvent } from '@ag-ui/client'
import { type ChainableCommander, Redis } from 'ioredis'
import type { Client } from '../contestant.ts'

type OnEvent = (event: BaseEvent) => void
type Entry = [id: string, fields: string[]]
type Pages = [key: string, entries: Entry[]][] | null

export const openClient = async (address: string): Promise<Client> => {
  const connect = () => connectionTo(address)
  const [writing, asking] = await Promise.all([connect(), connect()])
  const append = appender(writing)
  const tails = new Tails(connect, asking)

  const follow = async (follower: Follower) => {
    await catchUp(asking, follower)
    if (!follower.ended) await tails.add(follower)
  }

  return {
    run: async (threadId, script, onEvent) => {
      const ids = { threadId, runId: randomUUID() }
      const follower = new Follower(threadId, onEvent, ids.runId)
      const emit = (event: BaseEvent) => void append(threadId, event).catch(follower.fail)
      const play = async () => {
        await script(emit)
        emit({ type: 'RUN_FINISHED', ...ids } as unknown as BaseEvent)
      }
      const started = { type: 'RUN_STARTED', ...ids } as unknown as BaseEvent
      const startId = append(threadId, started)
      const read = async () => {
        // The answer to the first append says that the store has it and where to read on, in one round trip.
        follower.after = await startId
        onEvent(started)
        await follow(follower)
      }
      try {
        await Promise.all([play(), read(), follower.done])
      } finally {
        tails.remove(follower)
      }
    },
    connect: (threadId, onEvent) => {
      const follower = new Follower(threadId, onEvent)
      follow(follower).catch(follower.fail)
      return { done: follower.done, stop: () => tails.remove(follower) }
    },
    close: async () => {
      tails.close()
      for (const redis of [writing, asking])
        if (redis.status === 'ready') await redis.quit()
        else redis.disconnect()
    },
  }
}

const connectionTo = async (address: string): Promise<Redis> => {
  const [host, port] = address.split(':')
  const redis = new Redis({
    host,
    port: Number(port),
    protocol: 2,
    lazyConnect: true,
    // A connection that breaks rejects its commands: to repeat them could append an event twice.
    retryStrategy: () => null,
  })
  // Without a listener ioredis prints what each command rejects with anyway.
  redis.on('error', () => {})
  await redis.connect()
  return redis
}

/**
 * One pipeline for all that a turn of the event loop appends, without waiting for the pipeline before, as
 * ioredis's auto-pipelining would. Entries keep the order of the calls: it is one connection.
 */
const appender = (redis: Redis) => {
  let batch: { pipeline: ChainableCommander; calls: PromiseWithResolvers<string>[] } | undefined
  const send = async () => {
    const { pipeline, calls } = batch!
    batch = undefined
    try {
      const answers = (await pipeline.exec()) ?? []
      for (const [index, [error, id]] of answers.entries())
        if (error === null) calls[index]!.resolve(String(id))
        else calls[index]!.reject(error)
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }
  return (key: string, event: BaseEvent): Promise<string> => {
    if (batch === undefined) {
      batch = { pipeline: redis.pipeline(), calls: [] }
      setImmediate(send)
    }
    const call = Promise.withResolvers<string>()
    batch.calls.push(call)
    batch.pipeline.xadd(key, '*', 'event', JSON.stringify(event))
    return call.promise
  }
}

/** Who reads a stream: to the end of a run of its own, or until the stream has no open run. */
class Follower {
  readonly key: string
  /** Id of the last entry it has. */
  after = '0'
  ended = false
  readonly done: Promise<void>
  readonly fail: (error: unknown) => void
  readonly #onEvent: OnEvent
  readonly #runId: string | undefined
  readonly #finish: () => void
  #runIsOpen: boolean

  constructor(key: string, onEvent: OnEvent, runId?: string) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.key = key
    this.done = promise
    this.#onEvent = onEvent
    this.#runId = runId
    this.#runIsOpen = runId !== undefined
    this.#finish = () => {
      this.ended = true
      resolve()
    }
    this.fail = (error) => {
      this.ended = true
      reject(error)
    }
  }

  /** `atEnd`: the stream had no more when these were read. */
  take(entries: Entry[], atEnd: boolean): void {
    try {
      for (const [id, [, json]] of entries) {
        if (this.ended) return
        this.after = id
        const event: BaseEvent & { runId?: string } = JSON.parse(String(json))
        const finished = (event.type as string) === 'RUN_FINISHED'
        this.#runIsOpen = !finished
        this.#onEvent(event)
        if (finished && event.runId === this.#runId) this.#finish()
      }
      if (atEnd && !this.#runIsOpen) this.#finish()
    } catch (error) {
      this.fail(error)
    }
  }
}

const PAGE_ENTRIES = 1_000

/** Reads without blocking, so that neither a long replay nor a short run is for the shards. */
const catchUp = async (redis: Redis, follower: Follower): Promise<void> => {
  for (let full = true; full && !follower.ended; ) {
    const pages: Pages = await redis.xread('COUNT', PAGE_ENTRIES, 'STREAMS', follower.key, follower.after)
    const entries = pages?.[0]?.[1] ?? []
    full = entries.length === PAGE_ENTRIES
    follower.take(entries, !full)
  }
}

/** The live ends of all streams that this process reads, 48 to a blocking connection. */
class Tails {
  readonly #connect: () => Promise<Redis>
  readonly #asking: Redis
  readonly #shards: Shard[] = []

  constructor(connect: () => Promise<Redis>, asking: Redis) {
    this.#connect = connect
    this.#asking = asking
  }

  async add(follower: Follower): Promise<void> {
    let shard = this.#shards.find((candidate) => candidate.takes(follower))
    if (shard === undefined) {
      shard = new Shard(this.#connect, this.#asking)
      this.#shards.push(shard)
    }
    await shard.add(follower)
  }

  remove(follower: Follower): void {
    follower.ended = true
    for (const shard of this.#shards) shard.remove(follower)
  }

  close(): void {
    for (const shard of this.#shards) shard.close()
  }
}

const SHARD_STREAMS = 48

class Shard {
  readonly #followers = new Map<string, Follower>()
  readonly #connect: () => Promise<Redis>
  readonly #asking: Redis
  #redis: Redis | undefined
  #reading = false
  #closed = false
  /** Of its connection, once that blocks in a read. */
  #blockedId: number | undefined
  #reads = 0
  #unblocked = 0

  constructor(connect: () => Promise<Redis>, asking: Redis) {
    this.#connect = connect
    this.#asking = asking
  }

  takes({ key }: Follower): boolean {
    return !this.#closed && this.#followers.size < SHARD_STREAMS && !this.#followers.has(key)
  }

  async add(follower: Follower): Promise<void> {
    this.#followers.set(follower.key, follower)
    if (this.#reading) await this.#unblock()
    else void this.#read()
  }

  remove(follower: Follower): void {
    if (this.#followers.get(follower.key) === follower) this.#followers.delete(follower.key)
  }

  close(): void {
    this.#closed = true
    this.#redis?.disconnect()
  }

  /** Makes the read that blocks give way to one with the stream that joined. */
  async #unblock(): Promise<void> {
    const read = this.#reads
    if (this.#blockedId === undefined || this.#unblocked === read) return
    this.#unblocked = read
    // 0: the read has not reached the server yet, and would then block without the stream that joined.
    while (
      (await this.#asking.client('UNBLOCK', this.#blockedId)) === 0 &&
      this.#reads === read &&
      !this.#closed
    );
  }

  async #read(): Promise<void> {
    this.#reading = true
    try {
      this.#redis ??= await this.#connect()
      const id = await this.#redis.client('ID')
      while (this.#followers.size > 0 && !this.#closed) {
        const asked = new Map(this.#followers)
        const afters = [...asked.values()].map(({ after }) => after)
        this.#reads += 1
        this.#blockedId = id
        const pages: Pages = await this.#redis.xread('BLOCK', 0, 'STREAMS', ...asked.keys(), ...afters)
        this.#blockedId = undefined
        for (const [key, entries] of pages ?? []) this.#hand(asked.get(key)!, entries)
      }
    } catch (error) {
      if (this.#closed) return
      this.close()
      for (const { fail } of this.#followers.values()) fail(error)
    } finally {
      this.#reading = false
    }
  }

  #hand(follower: Follower, entries: Entry[]): void {
    // It may have been replaced by another of the same stream, at another place of it.
    if (this.#followers.get(follower.key) !== follower) return
    follower.take(entries, true)
    if (follower.ended) this.remove(follower)
  }
}
