import type { CommandConsumer, CommandConsumerOptions } from '../../src/kafka/command-consumer.ts'
import type { FetchedRecord } from '../../src/kafka/fetch.ts'
import type { Machine } from './machine.ts'
import { type Site, waitForBrokers } from './site.ts'

interface Member {
  machine: Machine
  options: CommandConsumerOptions
  /** The rebalance that it has last joined in. */
  round: number
  /** The assignment that it works by, as far as it knows; commits carry it. */
  generation: number
  assigned: number[]
  /** When its last commit arrives. */
  commitsAt: number
  consuming: boolean
  /** Whether it leaves for good. */
  leaving: boolean
  joined: () => void
}

/** The coordinator of one consumer group, and its members' side of the work. */
export interface CommandGroup {
  consumer(machine: Machine, options: CommandConsumerOptions): CommandConsumer
  /** As when the brokers move the group, or a member was too slow once. */
  rebalance(): void
  /** Commands before this one will not be delivered again. */
  committed(partition: number): number
}

/** How long a member may take to notice a rebalance: its next heartbeat. */
const HEARTBEAT_MS = 1_000
/** Records that a member has in memory already: it works them off before it notices anything. */
const PREFETCH_MAX = 3

/**
 * Kafka's classic group protocol, as kafkajs uses it: eager, so that all begin again at the committed offsets
 * after a rebalance; a member that is silent for its session time-out is thrown out, and goes on with what it
 * had fetched until it hears of that. The brokers check a commit's generation, not who owns the partition.
 */
export const createCommandGroup = (site: Site): CommandGroup => {
  const { scheduler, random, network, broker } = site
  const members = new Set<Member>()
  const offsets = new Map<number, number>()
  let round = 0
  let generation = 0

  const rebalance = (): void => {
    round += 1
    const mine = round
    for (const member of members) {
      scheduler.later(random.next() * HEARTBEAT_MS + waitForBrokers(site), () =>
        member.machine.enter(() => {
          // Another one has begun, or this one is over.
          if (mine !== round) return
          member.consuming = false
          scheduler.later(network.hop(), () => {
            member.round = Math.max(member.round, mine)
            assign(mine)
          })
        }),
      )
    }
  }

  /** Once all have joined: one that does not answer holds it up until its session is over. */
  const assign = (mine: number): void => {
    if (mine !== round || [...members].some((member) => member.round !== mine)) return
    // Not twice in one round.
    round += 1
    generation += 1
    const granted = generation
    const crew = random.shuffle([...members])
    for (const [index, member] of crew.entries()) {
      const count = broker.partitions(member.options.topic)
      const all = Array.from({ length: count }, (_, partition) => partition)
      const assigned = all.filter((partition) => partition % crew.length === index)
      scheduler.later(network.hop(), () => member.machine.enter(() => begin(member, granted, assigned)))
    }
  }

  const begin = (member: Member, granted: number, partitions: number[]): void => {
    if (granted < member.generation || member.leaving) return
    member.generation = granted
    member.consuming = true
    member.assigned = partitions
    member.options.onAssigned(partitions)
    member.joined()
    for (const partition of partitions) void consume(member, granted, partition)
  }

  /** One record after the other, each when the one before was taken in. */
  const consume = async (member: Member, granted: number, partition: number): Promise<void> => {
    const { machine, options } = member
    let position = offsets.get(partition) ?? 0
    while (member.generation === granted && member.consuming) {
      for (const record of await fetch(machine, options.topic, partition, position)) {
        if (member.generation !== granted || !member.consuming) return
        position = record.offset + 1
        const { offset, key, value, headers } = record
        await options.onCommand({ topic: options.topic, partition, offset, key, value, headers })
      }
    }
  }

  const fetch = (
    machine: Machine,
    topic: string,
    partition: number,
    position: number,
  ): Promise<FetchedRecord[]> => {
    const found = Promise.withResolvers<FetchedRecord[]>()
    const look = (): void => {
      const wait = waitForBrokers(site)
      if (wait > 0) {
        scheduler.later(wait, look)
        return
      }
      const { all, waiting } = broker.partition(topic, partition)
      const records = all.slice(position, position + random.int(1, PREFETCH_MAX))
      if (records.length === 0) waiting.add(() => void scheduler.later(network.hop(), look))
      else machine.enter(() => found.resolve(records))
    }
    scheduler.later(network.hop(), look)
    return found.promise
  }

  const remove = (member: Member): void => {
    if (members.delete(member)) rebalance()
  }

  const join = (member: Member): void => {
    if (member.leaving || members.has(member) || member.machine.state === 'dead') return
    members.add(member)
    rebalance()
  }

  /** What its session time-out makes of a member that has stopped, and the member of it once it goes on. */
  const watch = (member: Member): void => {
    const { machine, options } = member
    let stops = 0
    machine.onChange(() => {
      stops += 1
      const mine = stops
      if (machine.state === 'up') {
        scheduler.later(random.next() * HEARTBEAT_MS + waitForBrokers(site), () =>
          machine.enter(() => {
            if (!members.has(member)) member.consuming = false
            join(member)
          }),
        )
        return
      }
      // The last heartbeat was some time ago already.
      const silentMs = options.sessionTimeoutMs - random.next() * HEARTBEAT_MS + waitForBrokers(site)
      scheduler.later(silentMs, () => {
        if (mine === stops) remove(member)
      })
    })
  }

  const commit = (member: Member, partition: number, offset: number): Promise<void> => {
    if (!member.assigned.includes(partition)) return Promise.reject(new Error('it is another member’s'))
    const done = Promise.withResolvers<void>()
    const { generation: known } = member
    // Over one connection: two commits never change places.
    member.commitsAt = Math.max(member.commitsAt + 0.001, scheduler.now() + network.hop())
    scheduler.later(member.commitsAt - scheduler.now(), () => {
      const valid = waitForBrokers(site) === 0 && known === generation && members.has(member)
      if (valid) offsets.set(partition, offset)
      const settle = valid ? done.resolve : () => done.reject(new Error('not of this generation'))
      scheduler.later(network.hop(), () => member.machine.enter(settle))
    })
    return done.promise
  }

  const leave = (member: Member): Promise<void> => {
    const done = Promise.withResolvers<void>()
    member.leaving = true
    member.consuming = false
    member.joined()
    scheduler.later(network.hop() + waitForBrokers(site), () => {
      remove(member)
      member.machine.enter(() => done.resolve())
    })
    return done.promise
  }

  return {
    rebalance,
    committed: (partition) => offsets.get(partition) ?? 0,
    consumer: (machine, options) => {
      const joined = Promise.withResolvers<void>()
      const joinedOnce = joined.resolve
      const member = {
        machine,
        options,
        round: 0,
        generation: 0,
        assigned: [],
        commitsAt: 0,
        consuming: false,
        leaving: false,
        joined: joinedOnce,
      }
      watch(member)
      let left: Promise<void> | undefined
      return {
        start: () => {
          scheduler.later(network.hop() + waitForBrokers(site), () => join(member))
          return joined.promise
        },
        commit: (partition, offset) => commit(member, partition, offset),
        stop: () => {
          left ??= leave(member)
          return left
        },
      }
    },
  }
}
