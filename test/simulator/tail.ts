import { RunnerError } from '../../src/errors.ts'
import type { FetchedRecord } from '../../src/kafka/fetch.ts'
import type { FollowHandlers } from '../../src/kafka/follower.ts'
import type { Tail } from '../../src/kafka/tail.ts'
import type { Machine } from './machine.ts'
import { type Site, waitForBrokers } from './site.ts'

export interface SimulatedTailOptions {
  /** How long a follower goes without an answer before it fails. */
  readTimeoutMs: number
  /** A reader that nothing holds up: sees each record as it lands. For the judge. */
  instant?: boolean
}

interface Reader {
  topic: string
  /** Known once it was located; another topic of the name is none. */
  topicId: string | undefined
  served: boolean
  position: number
  handlers: FollowHandlers
  caughtUp: boolean
  stopped: boolean
  /** When the brokers first failed to answer since they last did. */
  failingSince: number | undefined
  /** Whether a fetch is under way. */
  fetching: boolean
}

/** What src/kafka/tail.ts guarantees: each record once, in order, in chunks, after any time. */
export const createSimulatedTail = (site: Site, machine: Machine, options: SimulatedTailOptions): Tail => {
  const { scheduler, random, network, broker } = site
  const readers = new Set<Reader>()

  const end = (reader: Reader, act: () => void): void => {
    if (reader.stopped) return
    reader.stopped = true
    readers.delete(reader)
    act()
  }

  const fetch = (reader: Reader, ms = network.hop()): void => {
    reader.fetching = true
    scheduler.later(options.instant ? 0 : ms, () => answer(reader))
  }

  /** At the brokers: what they have for the reader at this moment, or when they are back. */
  const answer = (reader: Reader): void => {
    if (reader.stopped) return
    const wait = options.instant ? 0 : waitForBrokers(site)
    if (wait > 0) {
      hold(reader, wait)
      return
    }
    reader.failingSince = undefined
    if (!isThere(reader)) {
      machine.enter(() => end(reader, () => miss(reader)))
      return
    }
    const { topicId, records, end: highWatermark } = broker.partition(reader.topic)
    reader.topicId = topicId
    const from = records.findIndex(({ offset }) => offset >= reader.position)
    const upTo = options.instant || random.chance(0.7) ? records.length : from + random.int(1, 4)
    const chunk = from === -1 ? [] : records.slice(from, upTo)
    const nextOffset = from === -1 || upTo >= records.length ? highWatermark : (chunk.at(-1)?.offset ?? 0) + 1
    machine.enter(() => deliver(reader, chunk, nextOffset, highWatermark))
  }

  const isThere = ({ topic, topicId }: Reader): boolean =>
    broker.has(topic) && (topicId ?? broker.partition(topic).topicId) === broker.partition(topic).topicId

  const miss = ({ served, handlers }: Reader): void => {
    if (served && handlers.onGone !== undefined) handlers.onGone()
    else handlers.onMissing()
  }

  const hold = (reader: Reader, wait: number): void => {
    reader.failingSince ??= scheduler.now()
    const left = reader.failingSince + options.readTimeoutMs - scheduler.now()
    if (left > wait) {
      fetch(reader, wait)
      return
    }
    const error = new RunnerError('READ_FAILED', `${reader.topic} cannot be read in the simulation.`)
    scheduler.later(left, () => machine.enter(() => end(reader, () => reader.handlers.onError(error))))
  }

  const deliver = (
    reader: Reader,
    chunk: FetchedRecord[],
    nextOffset: number,
    highWatermark: number,
  ): void => {
    if (reader.stopped) return
    if (!reader.served) {
      reader.served = true
      reader.handlers.onLocated?.(reader.topicId ?? '')
      if (reader.stopped) return
    }
    reader.position = Math.max(reader.position, nextOffset)
    if (chunk.length > 0) reader.handlers.onRecords(chunk)
    if (reader.stopped) return
    if (reader.position < highWatermark) {
      fetch(reader)
      return
    }
    if (!reader.caughtUp) {
      reader.caughtUp = true
      reader.handlers.onCaughtUp?.(reader.position)
    }
    if (!reader.stopped) waitForMore(reader)
  }

  const waitForMore = (reader: Reader): void => {
    if (!isThere(reader)) {
      fetch(reader)
      return
    }
    const { end: highWatermark, waiting } = broker.partition(reader.topic)
    reader.fetching = false
    if (reader.position < highWatermark) {
      fetch(reader)
      return
    }
    waiting.add(() => {
      if (!reader.stopped && machine.state !== 'dead' && !reader.fetching) fetch(reader)
    })
  }

  network.onOutage(() => {
    // Who waits for more loses the connection too, and asks again.
    for (const reader of readers) {
      if (!reader.fetching && machine.state !== 'dead') fetch(reader)
    }
  })

  return {
    follow: (topic, from, handlers, topicId) => {
      const reader: Reader = {
        topic,
        topicId,
        served: false,
        position: from,
        handlers,
        caughtUp: false,
        stopped: false,
        failingSince: undefined,
        fetching: false,
      }
      readers.add(reader)
      fetch(reader)
      return { stop: () => end(reader, () => {}) }
    },
    close: async () => {
      const error = new RunnerError('RUNNER_CLOSED', 'The reader was closed.')
      for (const reader of readers) end(reader, () => reader.handlers.onError(error))
    },
  }
}
