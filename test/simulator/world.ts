import type { Logger } from '../../src/logger.ts'
import { sharedTopics } from '../../src/topics.ts'
import { type ApiProcess, type ApiProcessParts, startApiProcess } from './api-process.ts'
import { createBroker } from './broker.ts'
import { createCommandGroup } from './command-group.ts'
import { EPOCH_MS } from './machine.ts'
import { createNetwork } from './network.ts'
import { type Act, FAULTS_MS, type Fault, type Plan } from './plan.ts'
import { randomFrom } from './random.ts'
import { createScheduler } from './scheduler.ts'
import { lineFor } from './trace.ts'
import { createWitness } from './witness.ts'
import { PARTITIONS, PREFIX, startWorkerProcess, type WorkerProcess } from './worker-process.ts'

const SHARED = sharedTopics(PREFIX, PARTITIONS)
const BEATS = SHARED.workers.name
export const COMMANDS = SHARED.commands.name
export const RUNS = SHARED.runs.name
export const THREAD_TOPICS = `${PREFIX}.thread.`

export type World = ReturnType<typeof createWorld>

/** A cluster, its workers and its API processes, of which a plan says what they do and what befalls them. */
export const createWorld = (seed: number, plan: Plan, keepTrace: boolean) => {
  const random = randomFrom(seed)
  const scheduler = createScheduler(random.fork())
  const network = createNetwork(scheduler, random.fork(), plan.network)
  const broker = createBroker(() => EPOCH_MS + scheduler.now())
  const site = { scheduler, random: random.fork(), network, broker }
  const witness = createWitness(scheduler.now, keepTrace)
  const group = createCommandGroup(site)
  const logger: Logger = {
    info: () => {},
    warn: (message, fields) => witness.note(`  warning: ${message} ${JSON.stringify(fields ?? {})}`),
    error: (message, fields) => witness.note(`  error: ${message} ${JSON.stringify(fields ?? {})}`),
  }
  const shared = { site, group, witness, plan, logger }
  const workers: WorkerProcess[] = []
  const apis: ApiProcess[] = []
  let processes = 0

  const startWorker = (index: number, workerId: string): void => {
    processes += 1
    const name = `w${index}.${processes}`
    witness.note(`${name} starts as ${workerId}`)
    workers[index] = startWorkerProcess({ ...shared, name, workerId })
  }
  const startApi = (index: number): void => {
    processes += 1
    apis[index] = startApiProcess({ ...shared, name: `a${index}.${processes}`, embedded: plan.embedded })
  }
  const startReader = (options: Pick<ApiProcessParts, 'name' | 'instant'>) =>
    startApiProcess({ ...shared, ...options })

  /** Sees all as it happens, to compare the others with. */
  const judge = startReader({ name: 'judge', instant: true })
  const restartWorker = (index: number, sameId: boolean, ms: number): void => {
    const workerId = sameId ? workers[index]!.workerId : `worker-${index}-${processes}`
    scheduler.later(ms, () => startWorker(index, workerId))
  }

  const act = (given: Act): void => {
    switch (given.do) {
      case 'run':
        apis[given.api]!.run(given)
        return
      case 'connect': {
        connect(given)
        return
      }
      case 'stop':
        apis[given.api]!.stop(given.threadId, given.runId)
        return
      case 'repeat command':
        repeatCommand()
        return
      case 'send poison':
        broker.append(COMMANDS, 0, [{ key: 'poison', value: Buffer.from('{'), headers: {} }])
        return
      default:
        given satisfies never
    }
  }

  const connect = (given: Extract<Act, { do: 'connect' }>): void => {
    const { api, threadId, follow, leavesAfterMs, backAfterMs } = given
    const { reading, leave } = apis[api]!.connect({ threadId, follow })
    witness.readings.push(reading)
    if (leavesAfterMs === undefined) return
    scheduler.later(leavesAfterMs, () => {
      leave()
      if (reading.end !== 'left' || backAfterMs === undefined) return
      scheduler.later(backAfterMs, () =>
        apis[site.random.int(0, apis.length - 1)]!.connect({ threadId, earlier: reading }),
      )
    })
  }

  const repeatCommand = (): void => {
    for (let index = 0; index < broker.partitions(COMMANDS); index += 1) {
      const last = broker.partition(COMMANDS, index).all.at(-1)
      if (last !== undefined) broker.append(COMMANDS, index, [last])
    }
  }

  const fail = (fault: Fault): void => {
    witness.note(`! ${JSON.stringify(fault)}`)
    switch (fault.do) {
      case 'crash worker': {
        if (workers[fault.worker]!.machine.state === 'dead') return
        workers[fault.worker]!.machine.crash()
        restartWorker(fault.worker, fault.sameId, fault.backAfterMs)
        return
      }
      case 'drain worker': {
        const leaving = workers[fault.worker]!
        if (leaving.machine.state !== 'up' || leaving.draining) return
        void leaving.drain()
        restartWorker(fault.worker, false, fault.backAfterMs)
        return
      }
      case 'freeze worker':
        workers[fault.worker]!.machine.freeze(fault.ms)
        return
      case 'crash api':
        apis[fault.api]!.crash()
        startApi(fault.api)
        return
      case 'freeze api':
        apis[fault.api]!.machine.freeze(fault.ms)
        return
      case 'rebalance':
        group.rebalance()
        return
      case 'outage':
        network.outage(fault.ms)
        return
      case 'clean':
        clean(fault)
        return
      default:
        fault satisfies never
    }
  }

  const clean = ({ threadId, share, tombstones }: Extract<Fault, { do: 'clean' }>): void => {
    const topic = `${THREAD_TOPICS}${threadId}`
    if (!broker.has(topic)) return
    const upTo = Math.floor(broker.partition(topic).end * share)
    broker.clean(topic, upTo, tombstones ? Math.floor(upTo / 2) : 0)
  }

  broker.onCreate((topic) => {
    if (topic.startsWith(THREAD_TOPICS))
      judge.connect({ threadId: topic.slice(THREAD_TOPICS.length), follow: true })
  })
  // Without the beats, of which there are many.
  if (keepTrace)
    broker.onAppend((topic, record) => {
      if (topic !== BEATS) witness.note(lineFor(topic, record))
    })

  const begin = (): void => {
    for (const topic of Object.values(SHARED)) broker.create(topic.name, topic.partitions)
    for (let index = 0; index < plan.workers; index += 1) startWorker(index, `worker-${index}`)
    for (let index = 0; index < plan.apis; index += 1) startApi(index)
    for (const { atMs, ...given } of plan.acts) scheduler.later(atMs, () => act(given))
    for (const { atMs, ...fault } of plan.faults) scheduler.later(atMs, () => fail(fault))
    scheduler.later(FAULTS_MS, network.heal)
  }

  /** Whether somebody is still to wake up. */
  const isFrozen = (): boolean => [...workers, ...apis].some(({ machine }) => machine.state === 'frozen')

  return { scheduler, broker, network, witness, group, plan, begin, startReader, isFrozen }
}
