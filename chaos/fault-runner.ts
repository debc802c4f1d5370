import { messageOf } from '../src/errors.ts'
import { sleep } from '../src/sleep.ts'
import type { ChaosCluster } from './cluster.ts'
import type { Fleet } from './fleet.ts'
import { describeFault, type Fault, type Plan } from './plan.ts'
import type { TakeOver } from './probe.ts'

/** A fault that came to pass. */
export interface FaultRecord {
  fault: Fault
  /** Milliseconds since 1970: when it began, and when all was as before again. */
  from: number
  to: number
  /** It was left out: no process of its kind could be spared, or another roll went on. */
  skipped?: true
  /** It did not go as it should, such as a process that did not start again. */
  trouble?: string
}

export interface FaultRunnerOptions {
  plan: Plan
  fleet: Fleet
  cluster: ChaosCluster
  workers: number
  apis: number
  durationMs: number
  /** Called at a kill or freeze of a worker; what it gives is waited for at the end. */
  probe(workerId: string, fault: TakeOver['fault']): Promise<TakeOver[]>
  /** Called when every fault has come to pass, and all processes are up again. */
  onOver(): void
  say(line: string): void
}

/** Carries a plan out, both rows side by side. */
export const runFaults = async (options: FaultRunnerOptions) => {
  const { plan, durationMs } = options
  const begun = Date.now()
  const records: FaultRecord[] = []
  const probes: Promise<TakeOver[]>[] = []
  const recovering = new Set<Promise<void>>()
  let rolling: Promise<void> | undefined

  const hasCome = ({ kind }: Fault): boolean =>
    records.some(({ fault, skipped }) => fault.kind === kind && skipped === undefined)

  /** The fault as it can be now; one that has not come yet is waited for. */
  const possible = async (planned: Fault): Promise<Fault | undefined> => {
    if (hasCome(planned)) {
      return isRoll(planned) && rolling !== undefined ? undefined : withSpareSlot(options, planned)
    }
    if (isRoll(planned)) await rolling
    await untilTrue(() => withSpareSlot(options, planned) !== undefined).catch(() => {})
    return withSpareSlot(options, planned)
  }

  const begin = (fault: Fault): Promise<void> => {
    const recovered = carryOutAndTell(options, fault, records, probes).finally(() => {
      recovering.delete(recovered)
      if (rolling === recovered) rolling = undefined
    })
    recovering.add(recovered)
    if (isRoll(fault)) rolling = recovered
    return recovered
  }

  const runRow = async (row: Fault[]): Promise<void> => {
    for (const planned of row) {
      await sleep(Math.max(0, begun + planned.at - Date.now()))
      // The faults before took long: each kind comes once all the same, but not again.
      if (Date.now() - begun > durationMs && hasCome(planned)) continue
      const fault = await possible(planned)
      if (fault === undefined) {
        records.push({ fault: planned, from: Date.now(), to: Date.now(), skipped: true })
        continue
      }
      const recovered = begin(fault)
      // One broker at a time; a killed or frozen process may still be away when the next goes.
      if (isOfBroker(fault)) await recovered
    }
  }

  await Promise.all([runRow(plan.processes), runRow(plan.brokers)])
  await Promise.all(recovering)
  options.onOver()
  return { records, takeOvers: (await Promise.all(probes)).flat() }
}

const carryOutAndTell = async (
  options: FaultRunnerOptions,
  fault: Fault,
  records: FaultRecord[],
  probes: Promise<TakeOver[]>[],
): Promise<void> => {
  const { say } = options
  const record: FaultRecord = { fault, from: Date.now(), to: Date.now() }
  records.push(record)
  say(describeFault(fault))
  try {
    await carryOut(options, fault, probes)
  } catch (error) {
    record.trouble = messageOf(error)
    say(`TROUBLE with "${describeFault(fault)}": ${record.trouble}`)
  }
  record.to = Date.now()
  say(`recovered in ${((record.to - record.from) / 1000).toFixed(1)} s: ${describeFault(fault)}`)
}

const isRoll = ({ kind }: Fault): boolean => kind === 'roll workers' || kind === 'roll APIs'

export const isOfBroker = ({ kind }: Fault): boolean => kind === 'kill broker' || kind === 'restart broker'

/** The fault, on another process where its own cannot be spared now; undefined where none can. */
const withSpareSlot = ({ fleet, workers, apis }: FaultRunnerOptions, fault: Fault): Fault | undefined => {
  if (!('slot' in fault)) return fault
  const [count, canSpare] =
    fault.kind === 'kill API' ? [apis, fleet.canSpareApi] : [workers, fleet.canSpareWorker]
  const slots = Array.from({ length: count }, (_, index) => (fault.slot + index) % count)
  const slot = slots.find(canSpare)
  return slot === undefined ? undefined : { ...fault, slot }
}

const carryOut = async (
  { fleet, cluster, workers, apis, probe }: FaultRunnerOptions,
  fault: Fault,
  probes: Promise<TakeOver[]>[],
): Promise<void> => {
  switch (fault.kind) {
    case 'kill worker':
    case 'freeze worker': {
      const { workerId } = fleet.workerAt(fault.slot)
      const done =
        fault.kind === 'kill worker'
          ? fleet.killWorker(fault.slot, fault.downMs)
          : fleet.freezeWorker(fault.slot, fault.frozenMs)
      probes.push(probe(workerId, fault.kind))
      return await done
    }
    case 'kill API':
      return await fleet.endApi(fault.slot, 'SIGKILL', fault.downMs)
    case 'kill broker':
      return await cluster.kill(fault.node, fault.downMs)
    case 'restart broker':
      return await cluster.restart(fault.node, fault.downMs)
    case 'roll workers':
      for (let slot = 0; slot < workers; slot += 1) {
        await untilTrue(() => fleet.canSpareWorker(slot))
        await fleet.drainWorker(slot)
      }
      return
    case 'roll APIs':
      for (let slot = 0; slot < apis; slot += 1) {
        await untilTrue(() => fleet.canSpareApi(slot))
        await fleet.endApi(slot, 'SIGTERM', 0)
      }
      return
    default:
      fault satisfies never
  }
}

const WAIT_MS_MAX = 60_000

/** @throws when it does not become true */
const untilTrue = async (test: () => boolean): Promise<void> => {
  const limit = Date.now() + WAIT_MS_MAX
  while (!test()) {
    if (Date.now() > limit) throw new Error(`A process was not well within ${WAIT_MS_MAX / 1000} s.`)
    await sleep(100)
  }
}
