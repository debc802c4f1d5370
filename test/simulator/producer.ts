import { RunnerError } from '../../src/errors.ts'
import type { ProducerRecord, SharedProducer } from '../../src/kafka/producer.ts'
import type { Machine } from './machine.ts'
import { type Site, waitForBrokers } from './site.ts'

const RETRIES_MAX = 5
const RETRY_MS = 100

/**
 * The shared topics' producer: side by side, so that two records may change places; a lost answer makes it
 * send the same record again; after some retries it errs, although the record may have landed.
 */
export const createSimulatedProducer = (site: Site, machine: Machine): SharedProducer => {
  const { scheduler, random, network, broker } = site

  const attempt = (record: ProducerRecord): Promise<boolean> => {
    const { topic, key, value, headers = {} } = record
    const answered = Promise.withResolvers<boolean>()
    const answer = (ok: boolean, ms: number): void => {
      scheduler.later(ms, () => machine.enter(() => answered.resolve(ok)))
    }
    const fate = network.fate()
    scheduler.later(network.hop(), () => {
      if (machine.state === 'dead' && random.chance(0.5)) return
      if (fate === 'lost' || waitForBrokers(site) > 0) {
        answer(false, RETRY_MS)
        return
      }
      broker.append(topic, broker.partitionOf(topic, key), [{ key, value, headers }])
      answer(fate === 'arrives', network.hop())
    })
    return answered.promise
  }

  return {
    send: async (record) => {
      for (let tries = 0; tries <= RETRIES_MAX; tries += 1) {
        if (await attempt(record)) return
        await machine.system.sleep(RETRY_MS * 2 ** tries)
      }
      throw new RunnerError(
        'BROKER_UNAVAILABLE',
        `Nothing could be sent to ${record.topic} in the simulation.`,
      )
    },
    close: async () => {},
  }
}
