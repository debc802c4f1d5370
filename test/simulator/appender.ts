import { RunnerError } from '../../src/errors.ts'
import type { Appended, RecordsOf } from '../../src/kafka/append-batch.ts'
import type { Appender } from '../../src/kafka/appender.ts'
import type { Machine } from './machine.ts'
import { type Site, waitForBrokers } from './site.ts'

interface Item {
  recordsOf: RecordsOf
  attempt: number
  deadline: number
  done: PromiseWithResolvers<Appended>
}

/** How long a sender waits for an answer that does not come. */
const GIVE_UP_MS = 40
const BACKOFF_MS_MAX = 250
/** A request that its sender gave up arrives within this time, if at all. */
const LATE_MS_MAX = 2_000

/**
 * What src/kafka/appender.ts guarantees, on the simulated brokers: one batch of a topic in flight at a time,
 * so that appends stay in order; a failed one goes again under new keys, and may lie in the log twice.
 */
export const createSimulatedAppender = (site: Site, machine: Machine, appendTimeoutMs: number): Appender => {
  const { scheduler, random, network, broker } = site
  const lanes = new Map<string, Item[]>()
  let closed = false

  const send = (topic: string): void => {
    const lane = lanes.get(topic) ?? []
    const batch = lane.slice(0, random.int(1, lane.length))
    // As encoded now: a late request carries the keys of its own attempt.
    const sent = batch.flatMap(({ recordsOf, attempt }) => recordsOf(attempt))
    const fate = network.fate()
    if (fate === 'lost') {
      fail(topic, batch.length, GIVE_UP_MS)
      return
    }
    if (fate === 'late') {
      scheduler.later(GIVE_UP_MS + random.next() * LATE_MS_MAX, () => {
        if (waitForBrokers(site) === 0 && broker.has(topic)) broker.append(topic, 0, sent)
      })
      fail(topic, batch.length, GIVE_UP_MS)
      return
    }
    scheduler.later(network.hop(), () => {
      // What a process had sent may arrive after its death, or not.
      if (machine.state === 'dead' && random.chance(0.5)) return
      const wait = waitForBrokers(site)
      if (wait > 0) {
        fail(topic, batch.length, wait)
        return
      }
      if (!broker.has(topic)) {
        fail(topic, batch.length, GIVE_UP_MS)
        return
      }
      const base = broker.append(topic, 0, sent)
      if (fate === 'answer lost') {
        fail(topic, batch.length, GIVE_UP_MS)
        return
      }
      scheduler.later(network.hop(), () => machine.enter(() => settle(topic, batch.length, base)))
    })
  }

  const settle = (topic: string, count: number, base: number): void => {
    const lane = lanes.get(topic)
    let offset = base
    for (const item of lane?.splice(0, count) ?? []) {
      item.done.resolve({ baseOffset: offset, appendAttempt: item.attempt })
      offset += item.recordsOf(item.attempt).length
    }
    goOn(topic)
  }

  const goOn = (topic: string): void => {
    if (lanes.get(topic)?.length === 0) lanes.delete(topic)
    else if (lanes.has(topic)) send(topic)
  }

  /** Tells the sender after a time, which sends the same again unless its limit is over. */
  const fail = (topic: string, count: number, ms: number): void => {
    const pause = random.next() * BACKOFF_MS_MAX
    scheduler.later(ms + pause, () => machine.enter(() => retry(topic, count)))
  }

  const retry = (topic: string, count: number): void => {
    const lane = lanes.get(topic) ?? []
    const now = scheduler.now()
    if (closed || lane.some(({ deadline }, index) => index < count && deadline < now)) {
      lanes.delete(topic)
      for (const item of lane) item.done.reject(appendFailed(topic))
      return
    }
    for (const item of lane.slice(0, count)) item.attempt += 1
    goOn(topic)
  }

  return {
    append: (topic, recordsOf) => {
      if (closed) return Promise.reject(appendFailed(topic))
      const done = Promise.withResolvers<Appended>()
      const item = { recordsOf, attempt: 0, deadline: scheduler.now() + appendTimeoutMs, done }
      const lane = lanes.get(topic)
      if (lane !== undefined) lane.push(item)
      else {
        lanes.set(topic, [item])
        send(topic)
      }
      return done.promise
    },
    close: async () => {
      closed = true
    },
  }
}

const appendFailed = (topic: string): RunnerError =>
  new RunnerError('APPEND_FAILED', `Nothing could be appended to ${topic} in the simulation.`)
