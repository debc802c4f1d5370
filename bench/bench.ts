import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contestant, Server } from './contestant.ts'
import { FLOOR, OURS } from './contestants/kafka.ts'
import { PEERS } from './contestants/peers.ts'
import { type Actor, forkActor } from './process/fork.ts'
import { machine } from './report/machine.ts'
import type { Result, Row } from './report/result.ts'
import { median } from './stats.ts'

export interface BenchOptions {
  quick: boolean
  /** Of each measurement; the contestants take turns. */
  rounds: number
  /** Without the peers. */
  alone: boolean
  /** Where the profiles of our processes go; none are made otherwise. */
  profileDir?: string
  say(line: string): void
}

/** What was measured of each contestant, round by round, by its label. */
export type Measured = Map<string, (number | undefined)[]>

export interface Target {
  text: string
  holds(row: { ours: number; floor?: number; peers: Record<string, number | null> }): boolean
}

/** What the scenarios share: contestants with their servers, measuring processes, rounds, rows. */
export class Bench {
  readonly options: BenchOptions
  readonly #servers = new Map<string, Promise<Server>>()
  readonly #actors = new Set<Actor>()

  constructor(options: BenchOptions) {
    this.options = options
  }

  get quick(): boolean {
    return this.options.quick
  }

  /** Ours, the floor, and the peers that take part here. */
  contestants(takesPart: (peer: Contestant) => boolean): Contestant[] {
    const peers = this.options.alone ? [] : PEERS.filter(takesPart)
    for (const { label, unavailable } of peers)
      if (unavailable !== undefined) this.options.say(`  without ${label}: ${unavailable}`)
    return [FLOOR, OURS, ...peers.filter(({ unavailable }) => unavailable === undefined)]
  }

  /** A contestant's server, started when first asked for. */
  server({ server }: Contestant): Promise<Server> | undefined {
    if (server === undefined) return undefined
    const started = this.#servers.get(server.name) ?? server.start()
    this.#servers.set(server.name, started)
    return started
  }

  /** A measuring process with a client of the contestant. `worker` is for ours: whether it executes runs. */
  async actor(contestant: Contestant, role: string, more: { worker?: boolean } = {}): Promise<Actor> {
    const actor = forkActor(`${contestant.label} ${role}`)
    this.#actors.add(actor)
    const server = await this.server(contestant)
    const address = server?.address ?? ''
    const kafka = contestant === OURS || contestant === FLOOR
    await actor.call('open', {
      module: contestant.client.href,
      address: kafka ? JSON.stringify({ ...JSON.parse(address), worker: true, ...more }) : address,
    })
    return actor
  }

  async endActor(actor: Actor): Promise<void> {
    try {
      await actor.call('close')
    } finally {
      this.#actors.delete(actor)
      await actor.end()
    }
  }

  /** Our processes' CPU profiles of one measurement, where they were asked for. */
  async profiled<T>(
    contestant: Contestant,
    name: string,
    actors: Record<string, Actor>,
    measure: () => Promise<T>,
  ): Promise<T> {
    const { profileDir } = this.options
    if (profileDir === undefined || contestant !== OURS) return measure()
    mkdirSync(profileDir, { recursive: true })
    await Promise.all(Object.values(actors).map((actor) => actor.call('startProfile')))
    try {
      return await measure()
    } finally {
      for (const [role, actor] of Object.entries(actors))
        await actor.call('saveProfile', {
          file: join(profileDir, `${name}-${role}.cpuprofile`.replaceAll(/[ ,/]+/g, '-')),
        })
    }
  }

  /** Each contestant once in every round, so that what the machine does meanwhile hits all alike. */
  async rounds(
    contestants: Contestant[],
    measure: (contestant: Contestant, round: number) => Promise<Record<string, number | undefined>>,
  ): Promise<Map<string, Measured>> {
    const byMetric = new Map<string, Measured>()
    for (let round = 1; round <= this.options.rounds; round += 1) {
      // Another begins each time: whoever comes first warms the server up for the others.
      const first = (round - 1) % contestants.length
      for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)]) {
        const figures = await measure(contestant, round)
        const text = Object.entries(figures).map(([name, value]) => `${name} ${value?.toPrecision(3) ?? '-'}`)
        this.options.say(`  round ${round}  ${contestant.label.padEnd(16)} ${text.join('   ')}`)
        for (const [metric, value] of Object.entries(figures)) {
          const measured: Measured = byMetric.get(metric) ?? new Map()
          byMetric.set(metric, measured)
          measured.set(contestant.label, [...(measured.get(contestant.label) ?? []), value])
        }
      }
    }
    return byMetric
  }

  row(load: string, measured: Measured, target?: Target): Row {
    const medians = new Map<string, number>()
    const spread: Row['spread'] = {}
    for (const [label, values] of measured) {
      const good = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[]
      if (good.length === 0) continue
      medians.set(label, median(good))
      spread[label] = [Math.min(...good), Math.max(...good)]
    }
    const ours = medians.get(OURS.label) ?? Number.NaN
    const floor = medians.get(FLOOR.label)
    const peers = Object.fromEntries(
      [...measured.keys()]
        .filter((label) => label !== OURS.label && label !== FLOOR.label)
        .map((label) => [label, medians.get(label) ?? null]),
    )
    return {
      load,
      ours,
      floor,
      peers,
      ratio: floor && ours / floor,
      ...(target && { target: target.text, met: target.holds({ ours, floor, peers }) }),
      spread,
    }
  }

  result(
    of: Pick<Result, 'scenario' | 'title' | 'metric' | 'unit' | 'better' | 'rows'>,
    contestants: Contestant[],
    notes: string[] = [],
  ): Result {
    const { quick, rounds } = this.options
    return {
      ...of,
      taken: new Date().toISOString(),
      quick,
      rounds,
      machine: machine(),
      versions: Object.fromEntries(contestants.map(({ label, versions }) => [label, versions])),
      notes: [
        ...notes,
        ...contestants.map(
          ({ label, durability }) => `An acknowledged event of ${label} survives ${durability}.`,
        ),
      ],
    }
  }

  /** Resident memory of a server's processes. */
  residentMiB(server: Server): number {
    const kibOf = (pid: number) =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    return server.pids().reduce((sum, pid) => sum + kibOf(pid), 0) / 1024
  }

  /** Ends all processes. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...this.#actors].map((actor) => actor.end()))
    this.#actors.clear()
    const servers = [...this.#servers.values()]
    this.#servers.clear()
    await Promise.all(servers.map(async (server) => (await server).stop()))
  }
}
