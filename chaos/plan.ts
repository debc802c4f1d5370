import type { Random } from './random.ts'

/** What `--faults` names. */
export const FAULTS = ['kill', 'freeze', 'api', 'broker', 'rolling'] as const
export type FaultName = (typeof FAULTS)[number]

/**
 * `at` is in milliseconds since the load began; a slot counts from 0. Where it is not up or is the last of its
 * kind when the time comes, the next one takes its place.
 */
export type Fault =
  | { kind: 'kill worker'; at: number; slot: number; downMs: number }
  | { kind: 'freeze worker'; at: number; slot: number; frozenMs: number }
  | { kind: 'kill API'; at: number; slot: number; downMs: number }
  | { kind: 'kill broker'; at: number; node: number; downMs: number }
  | { kind: 'restart broker'; at: number; node: number; downMs: number }
  | { kind: 'roll workers'; at: number }
  | { kind: 'roll APIs'; at: number }

/** One fault after the other, each due after a pause; one that takes longer than its pause delays the next. */
export interface Plan {
  processes: Fault[]
  brokers: Fault[]
}

export interface PlanOptions {
  durationMs: number
  workers: number
  apis: number
  faults: readonly FaultName[]
  random: Random
}

const PROCESS_PAUSE_MS = [2_000, 7_000] as const
const BROKER_PAUSE_MS = [15_000, 30_000] as const
/** At the end there is time for the last fault to show. */
const QUIET_SHARE = 0.15
const BROKERS = 3
const UNSCALED_MS = 90_000

const KINDS: Record<FaultName, Fault['kind'][]> = {
  kill: ['kill worker'],
  freeze: ['freeze worker'],
  api: ['kill API'],
  broker: ['kill broker', 'restart broker'],
  rolling: ['roll workers', 'roll APIs'],
}

/**
 * Processes and brokers have a row of faults each, so that a worker may die while a broker is down. Every kind
 * that was asked for comes once before any comes twice.
 */
export const makePlan = ({ durationMs, workers, apis, faults, random }: PlanOptions): Plan => {
  const row = (kinds: Fault['kind'][], pause: readonly [number, number], source: Random): Fault[] => {
    const row: Fault[] = []
    let bag: Fault['kind'][] = []
    const isOwed = () => row.length < kinds.length
    for (let at = pause[0]; isOwed() || at < durationMs * (1 - QUIET_SHARE); at += source.whole(...pause)) {
      if (kinds.length === 0) break
      if (bag.length === 0) bag = shuffled(kinds, source)
      row.push(drawFault(bag.pop()!, Math.round(at), { workers, apis }, source))
    }
    return row
  }
  const processes = faults.filter((name) => name !== 'broker').flatMap((name) => KINDS[name])
  const brokers = faults.filter((name) => name === 'broker').flatMap((name) => KINDS[name])
  return {
    processes: row(processes, scaled(PROCESS_PAUSE_MS, durationMs), random.fork('processes')),
    brokers: row(brokers, scaled(BROKER_PAUSE_MS, durationMs), random.fork('brokers')),
  }
}

/** A short run has its faults closer together. */
const scaled = ([min, max]: readonly [number, number], durationMs: number): readonly [number, number] => {
  const share = Math.min(1, durationMs / UNSCALED_MS)
  return [Math.round(min * share), Math.round(max * share)]
}

const drawFault = (
  kind: Fault['kind'],
  at: number,
  { workers, apis }: { workers: number; apis: number },
  random: Random,
): Fault => {
  switch (kind) {
    case 'kill worker':
      return { kind, at, slot: random.whole(0, workers - 1), downMs: random.whole(200, 8_000) }
    case 'freeze worker':
      // Longer than the presence limit of 5 s, mostly: some are back before anybody took them for lost.
      return { kind, at, slot: random.whole(0, workers - 1), frozenMs: random.whole(4_000, 14_000) }
    case 'kill API':
      return { kind, at, slot: random.whole(0, apis - 1), downMs: random.whole(200, 3_000) }
    case 'kill broker':
      return { kind, at, node: random.whole(1, BROKERS), downMs: random.whole(500, 8_000) }
    case 'restart broker':
      return { kind, at, node: random.whole(1, BROKERS), downMs: random.whole(0, 2_000) }
    case 'roll workers':
    case 'roll APIs':
      return { kind, at }
  }
}

const shuffled = <T>(from: readonly T[], random: Random): T[] => {
  const rest = [...from]
  const row: T[] = []
  while (rest.length > 0) row.push(...rest.splice(random.whole(0, rest.length - 1), 1))
  return row
}

/** A fault as a person reads it. */
export const describeFault = (fault: Fault): string => {
  switch (fault.kind) {
    case 'kill worker':
      return `kill -9 worker ${fault.slot}, again after ${seconds(fault.downMs)}`
    case 'freeze worker':
      return `freeze worker ${fault.slot} for ${seconds(fault.frozenMs)}`
    case 'kill API':
      return `kill -9 API ${fault.slot}, again after ${seconds(fault.downMs)}`
    case 'kill broker':
      return `kill -9 broker ${fault.node}, again after ${seconds(fault.downMs)}`
    case 'restart broker':
      return `restart broker ${fault.node} in order, again after ${seconds(fault.downMs)}`
    case 'roll workers':
      return 'rolling restart of all workers'
    case 'roll APIs':
      return 'rolling restart of all API processes'
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
