import { randomUUID } from 'node:crypto'
import type { BaseEvent } from '@ag-ui/client'
import {
  Connection,
  createTopicsV7,
  fetchV17,
  type MessageRecord,
  metadataV12,
  produceV11,
} from '@platformatic/kafka'
import type { Client } from '../contestant.ts'
import { tolerant } from './tolerant.ts'

/**
 * The physical floor: AG-UI events through the bare Kafka client, one topic a thread, acks=all, with records
 * of the size that ours have. No claims, no rules, no replay: what a fetch brings is handed on.
 */
export const openClient = async (address: string): Promise<Client> => {
  const { brokers } = JSON.parse(address)
  const [host, port] = String(brokers[0]).split(':')
  const connect = async () => {
    const connection = new Connection('floor', { maxInflights: 1 })
    await connection.connect(String(host), Number(port))
    return connection
  }
  const connections = await Promise.all([connect(), connect()])
  const [producing, asking] = connections
  const topicIds = new Map<string, string>()
  const sessions: FetchSession[] = []

  const topicIdOf = async (topic: string): Promise<string> => {
    for (;;) {
      const known = topicIds.get(topic) ?? (await askForTopic(asking, topic))
      if (known === undefined) continue
      topicIds.set(topic, known)
      return known
    }
  }

  const follow = async (topic: string, onValue: (value: Buffer) => void): Promise<void> => {
    const topicId = await topicIdOf(topic)
    let session =
      sessions.find((known) => known.has(topicId)) ?? sessions.find(({ size }) => size < SESSION_TOPICS)
    if (session === undefined) {
      session = new FetchSession(await connect())
      connections.push(session.connection)
      sessions.push(session)
    }
    session.add(topicId, onValue)
  }

  let waiting: MessageRecord[] = []
  let sending = false
  /** Group commit, as its simplest: what came while a request was in flight is the next one. */
  const send = async () => {
    sending = true
    while (waiting.length > 0) {
      const messages = waiting
      waiting = []
      await produceV11.api.async(producing, -1, 5_000, messages)
    }
    sending = false
  }
  const append = (topic: string, event: BaseEvent, seq: number): void => {
    const value = Buffer.from(JSON.stringify(event))
    waiting.push({
      topic,
      partition: 0,
      key: Buffer.from(`event.${CLAIM}.${seq}`),
      value,
      headers: headersOf(event, seq),
    })
    if (!sending) {
      sending = true
      queueMicrotask(() => void send())
    }
  }

  const topicOf = (threadId: string) => `bench-floor.${threadId}`

  return {
    prepare: async (threadIds) => {
      for (let start = 0; start < threadIds.length; start += 100)
        await createTopics(asking, threadIds.slice(start, start + 100).map(topicOf))
      for (const threadId of threadIds) await untilServed(producing, topicOf(threadId))
      // Joined beforehand: what joins in the middle of a long poll waits for its end.
      for (const threadId of threadIds) await follow(topicOf(threadId), () => {})
    },
    run: async (threadId, script, onEvent) => {
      const topic = topicOf(threadId)
      const ids = { threadId, runId: randomUUID() }
      const ended = Promise.withResolvers<void>()
      await follow(topic, (value) => {
        const event = JSON.parse(value.toString()) as BaseEvent
        onEvent(event)
        if ((event.type as string) === 'RUN_FINISHED' && (event as { runId?: string }).runId === ids.runId)
          ended.resolve()
      })
      let seq = 0
      const emit = (event: BaseEvent) => append(topic, event, ++seq)
      emit({ type: 'RUN_STARTED', ...ids } as unknown as BaseEvent)
      await script(emit)
      emit({ type: 'RUN_FINISHED', ...ids } as unknown as BaseEvent)
      await ended.promise
    },
    connect: (threadId, onEvent) => {
      const ended = Promise.withResolvers<void>()
      follow(topicOf(threadId), (value) => {
        const event = JSON.parse(value.toString()) as BaseEvent
        onEvent(event)
        if ((event.type as string) === 'RUN_FINISHED') ended.resolve()
      }).catch(ended.reject)
      return { done: ended.promise, stop: () => {} }
    },
    close: async () => {
      for (const session of sessions) session.closed = true
      await Promise.all(connections.map((connection) => connection.close()))
    },
  }
}

const CLAIM = randomUUID()
/** As in ours: more in one session cost every fetch a look at all of them. */
const SESSION_TOPICS = 48

const headersOf = (event: BaseEvent, seq: number): Map<Buffer, Buffer> =>
  new Map(
    Object.entries({
      kind: 'event',
      claim: CLAIM,
      seq: String(seq),
      type: event.type,
      time: String(Date.now()),
    }).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
  )

const askForTopic = async (connection: Connection, topic: string): Promise<string | undefined> => {
  try {
    const { topics } = await metadataV12.api.async(connection, [topic], false, false)
    return topics[0]?.topicId
  } catch {
    // A topic just made is unknown for some milliseconds.
    return undefined
  }
}

const createTopics = async (connection: Connection, names: string[]): Promise<void> => {
  const topics = names.map((name) => ({
    name,
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [{ name: 'cleanup.policy', value: 'compact' }],
  }))
  await tolerant(createTopicsV7.api.async(connection, topics, 5_000, false))
}

/** A topic just made is nobody's for some milliseconds. */
const untilServed = async (connection: Connection, topic: string): Promise<void> => {
  const value = Buffer.from('{"type":"CUSTOM"}')
  for (;;) {
    const answer = await tolerant(
      produceV11.api.async(connection, -1, 5_000, [
        { topic, partition: 0, key: Buffer.from('first'), value },
      ]),
    )
    if (typeof answer !== 'boolean' && answer.responses[0]?.partitionResponses[0]?.errorCode === 0) return
  }
}

/** An incremental fetch session on a connection of its own. */
class FetchSession {
  readonly connection: Connection
  closed = false
  readonly #readers = new Map<
    string,
    { offset: bigint; changed: boolean; onValues: ((value: Buffer) => void)[] }
  >()
  #running = false

  constructor(connection: Connection) {
    this.connection = connection
  }

  get size(): number {
    return this.#readers.size
  }

  has(topicId: string): boolean {
    return this.#readers.has(topicId)
  }

  add(topicId: string, onValue: (value: Buffer) => void): void {
    const reader = this.#readers.get(topicId)
    if (reader !== undefined) reader.onValues.push(onValue)
    else this.#readers.set(topicId, { offset: 0n, changed: true, onValues: [onValue] })
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    let sessionId = 0
    let epoch = 0
    while (!this.closed) {
      const topics = [...this.#readers].filter(([, { changed }]) => changed)
      for (const [, reader] of topics) reader.changed = false
      const request = topics.map(([topicId, { offset }]) => ({
        topicId,
        partitions: [
          {
            partition: 0,
            currentLeaderEpoch: -1,
            fetchOffset: offset,
            lastFetchedEpoch: -1,
            partitionMaxBytes: 4 << 20,
          },
        ],
      }))
      const call = fetchV17.api.async(this.connection, 100, 1, 16 << 20, 0, sessionId, epoch, request, [], '')
      const answer = await tolerant(call).catch((error) => {
        if (!this.closed) throw error
      })
      if (answer === undefined) return
      sessionId = answer.sessionId
      epoch += 1
      for (const topic of answer.responses) this.#read(topic)
    }
  }

  #read({ topicId, partitions }: fetchV17.FetchResponseTopic): void {
    const reader = this.#readers.get(topicId)
    if (reader === undefined) return
    // Nobody's yet: asked for again.
    if (partitions[0]?.errorCode !== 0) reader.changed = true
    for (const batch of partitions[0]?.records ?? []) {
      reader.offset = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n
      reader.changed = true
      for (const { value } of batch.records) for (const onValue of reader.onValues) onValue(value as Buffer)
    }
  }
}
