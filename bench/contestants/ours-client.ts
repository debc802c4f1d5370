import { KafkaAgentRunner } from '../../src/index.ts'
import type { Client } from '../contestant.ts'
import { clientOn } from './agent-runner.ts'

/** A KafkaAgentRunner with its embedded worker, as `npm start` has it; `role=reader` has none. */
export const openClient = async (address: string): Promise<Client> => {
  const { brokers, worker } = JSON.parse(address)
  const runner = new KafkaAgentRunner({
    kafka: { brokers },
    prefix: 'bench',
    worker: worker ? { maxConcurrentRuns: 2_000 } : false,
  })
  await runner.start()
  return clientOn(runner, () => runner.close())
}
