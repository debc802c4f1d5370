import { startBroker } from '../../src/broker/index.ts'
import type { Server } from '../contestant.ts'

/** The embedded broker of this project, one node. */
export const startKafka = async (): Promise<Server> => {
  const broker = await startBroker()
  return {
    address: JSON.stringify({ brokers: broker.brokers }),
    pids: () => broker.nodes.map(({ pid }) => pid).filter((pid) => pid !== undefined),
    stop: () => broker.stop(),
  }
}
