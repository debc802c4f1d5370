import type { Broker } from './broker.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** What all simulated processes share. */
export interface Site {
  scheduler: Scheduler
  random: Random
  network: Network
  broker: Broker
}

/** Time until the brokers can be reached, when an outage is on: nothing, or up to a moment after its end. */
export const waitForBrokers = ({ scheduler, network, random }: Site): number => {
  const left = network.downUntil - scheduler.now()
  return left > 0 ? left + random.next() * 100 : 0
}
