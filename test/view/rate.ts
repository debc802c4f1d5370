import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startBroker } from '../../src/broker/index.ts'
import { KafkaAgentRunner } from '../../src/runner/kafka-agent-runner.ts'
import { sleep } from '../../src/sleep.ts'
import type { ViewPlace } from '../../src/view/view-place.ts'
import { EVENTS_OF_RUN } from './facts.ts'
import { fill } from './fill.ts'

/**
 * How fast a list of threads takes in runs: all that the topics hold, and then what comes at a rate. Without
 * KAFKA_BROKERS it starts a broker of its own.
 */
const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '2000' },
    'runs-per-thread': { type: 'string', default: '10' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '15' },
    /** Only writes, at the rate: what the program starts itself for, so that it does not measure its own work. */
    produce: { type: 'string' },
  },
})
const [threads, runsPerThread, rate, seconds] = [
  values.threads,
  values['runs-per-thread'],
  values.rate,
  values.seconds,
].map(Number) as [number, number, number, number]

const partitions = 3
const say = (line: string) => process.stdout.write(`${line}\n`)
const newPrefix = () => `rate-${randomUUID().slice(0, 8)}`

const viewOf = async (brokers: string[], prefix: string, view: ViewPlace) => {
  const runner = new KafkaAgentRunner({
    kafka: { brokers },
    prefix,
    commandPartitions: partitions,
    worker: false,
    view,
  })
  await runner.start()
  while (runner.viewStatus()?.caughtUp !== true) await sleep(5)
  return runner
}

const measureBacklog = async (brokers: string[], folder: string): Promise<void> => {
  const prefix = newPrefix()
  const runs = threads * runsPerThread
  say(`${runs} runs of ${EVENTS_OF_RUN} events on ${threads} threads, ${3 * runs} facts`)
  await fill({ brokers, prefix, partitions, threads, runsPerThread })
  for (const [name, view] of [
    ['in a file', { path: join(folder, 'view.sqlite') }],
    ['in memory', {}],
  ] as const) {
    const [from, cpu] = [performance.now(), process.cpuUsage()]
    const runner = await viewOf(brokers, prefix, view)
    const s = (performance.now() - from) / 1_000
    const { user, system } = process.cpuUsage(cpu)
    const cpuMs = ((user + system) / 1_000 / runs).toFixed(2)
    const rates = `${Math.round(runs / s)} runs/s, ${Math.round((runs * EVENTS_OF_RUN) / s)} events/s`
    say(`Backlog, ${name}: ${s.toFixed(1)} s, ${rates}; ${cpuMs} ms of processor time a run`)
    const asked = performance.now()
    const { length } = runner.listThreads()
    say(`listThreads() of ${length}: ${(performance.now() - asked).toFixed(1)} ms`)
    await runner.close()
    if ('path' in view) say(`The file: ${(statSync(view.path).size / runs / 1_000).toFixed(1)} kB a run`)
  }
}

const measureLive = async (brokers: string[], path: string): Promise<void> => {
  const prefix = newPrefix()
  await fill({ brokers, prefix, partitions, threads: 1, runsPerThread: 1 })
  const runner = await viewOf(brokers, prefix, { path })
  const ages: number[] = []
  // How long ago the latest run was told that is shown with its messages.
  const sample = async () => {
    const { threads: newest } = await runner.threads({ limit: 500, from: began })
    const shown = newest.find(({ whole }) => whole)
    if (shown !== undefined) ages.push(Date.now() - shown.updatedAt)
  }
  const began = Date.now()
  const sampling = setInterval(() => void sample(), 20)
  const [from, cpu] = [performance.now(), process.cpuUsage()]
  const args = ['--produce', prefix, '--rate', String(rate), '--seconds', String(seconds)]
  const producer = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    env: { ...process.env, KAFKA_BROKERS: brokers.join(',') },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  // Its last word, before it leaves.
  await once(producer.stdout, 'data')
  clearInterval(sampling)
  const told = performance.now()
  const shown = async () => {
    const { threads: all } = await runner.threads({ limit: 1_000, from: began })
    return all.filter(({ runs, whole }) => runs === 10 && whole).length
  }
  while ((await shown()) < Math.min(1_000, (rate * seconds) / 10)) await sleep(10)
  const behindMs = Math.round(performance.now() - told)
  const { user, system } = process.cpuUsage(cpu)
  ages.sort((a, b) => a - b)
  const at = (share: number) => ages[Math.floor((ages.length - 1) * share)]
  say(
    `Live: ${rate * seconds} runs in ${((told - from) / 1_000).toFixed(1)} s, with the producer's start; what is shown was ` +
      `told ${at(0.5)} ms before (p50), ${at(0.99)} (p99), ${at(1)} at most; all is shown ${behindMs} ms after its end; ` +
      `${Math.round((user + system) / 10 / (told - from))} % of a core`,
  )
  await runner.close()
}

const produce = async (brokers: string[], prefix: string): Promise<void> => {
  const from = performance.now()
  await fill({ brokers, prefix, partitions, threads: (rate * seconds) / 10, runsPerThread: 10, rate })
  const s = (performance.now() - from) / 1_000
  say(`Told at ${Math.round((rate * seconds) / s)} runs/s`)
}

const measure = async (): Promise<void> => {
  const named = process.env.KAFKA_BROKERS?.split(',')
  if (values.produce !== undefined) return produce(named ?? [], values.produce)
  const broker = named === undefined ? await startBroker() : undefined
  const brokers = named ?? broker!.brokers
  const folder = await mkdtemp(join(tmpdir(), 'kar-rate-'))
  try {
    await measureBacklog(brokers, folder)
    if (seconds > 0) await measureLive(brokers, join(folder, 'live.sqlite'))
  } finally {
    await rm(folder, { recursive: true, force: true })
    await broker?.stop()
  }
}

await measure()
