/**
 * Measures what the agent layer costs, with Dify's agent and the built-in one against fakes in a process of their own:
 *
 *   npm run measure-agents
 *
 * 1. from a platform's frame to the event that its agent emits, beside a bare fetch that reads the same stream;
 * 2. 200 runs side by side in one worker at 20 frames/s each, from the frame to the caller of run(), through Kafka;
 * 3. the heap over 10,000 runs of one worker.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { AbstractAgent, BaseEvent, Message, RunAgentInput } from '@ag-ui/client'
import { lastValueFrom, tap } from 'rxjs'
import { BuiltInAgent } from '../src/agents/built-in/built-in-agent.ts'
import { builtInSettings } from '../src/agents/built-in/settings.ts'
import { DifyAgent } from '../src/agents/dify/dify-agent.ts'
import { difySettings } from '../src/agents/dify/settings.ts'
import { providerSettings } from '../src/agents/providers/settings.ts'
import { startBroker } from '../src/broker/index.ts'
import { KafkaAgentRunner } from '../src/runner/kafka-agent-runner.ts'
import { createWorker } from '../src/worker/index.ts'

const ROUNDS = 5
const ALONE = { frames: 400, pauseMs: 5 }
const CROWD = { runs: 200, frames: 200, pauseMs: 50 }
/** All begin at the same moment: a claim, a start and a first event of each. */
const SETTLES_MS = 1_500
const MANY = { runs: 10_000, frames: 5, atOnce: 20, every: 1_000, threads: 500 }

const now = (): number => performance.timeOrigin + performance.now()
const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Sorts in place. */
const at = (values: number[], share: number): number => {
  values.sort((one, other) => one - other)
  return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
}
const told = (values: number[]): string =>
  `p50 ${at(values, 0.5).toFixed(2)} ms, p99 ${at(values, 0.99).toFixed(2)} ms`

const child = fork('scripts/agents/streaming-platform.ts')
const [{ url }] = (await once(child, 'message')) as [{ url: string }]
const settings = difySettings.parse({ api_key: 'app-measured', api_base: url })
const inputOf = (threadId: string, runId: string, query: string): RunAgentInput => ({
  threadId,
  runId,
  messages: [{ id: `${runId}-message`, role: 'user', content: query }] as Message[],
  tools: [],
  context: [],
  state: {},
  forwardedProps: {},
})
const queryOf = ({ frames, pauseMs }: { frames: number; pauseMs: number }) =>
  `frames=${frames}&pauseMs=${pauseMs}`

/** From the moment that the text says to this one. */
const ages = (text: string, into: number[]): void => {
  const read = now()
  for (const written of text.trim().split(' ')) if (written !== '') into.push(read - Number(written))
}

const bare = async (into: number[]): Promise<void> => {
  const body = JSON.stringify({ query: queryOf(ALONE) })
  const response = await fetch(`${url}/chat-messages`, { method: 'POST', body })
  const decoder = new TextDecoder()
  for await (const chunk of response.body!)
    for (const [, answer] of decoder.decode(chunk).matchAll(/"answer":"([^"]+)"/g)) ages(answer!, into)
}

const alone = async (into: number[]): Promise<void> => {
  const agent = new DifyAgent(settings)
  const events = agent.run(inputOf('t', 'r', queryOf(ALONE)))
  await lastValueFrom(events.pipe(tap((event) => ages(deltaOf(event), into))))
}

const deltaOf = (event: BaseEvent): string => (event as { delta?: string }).delta ?? ''

const measureAlone = async (): Promise<void> => {
  const [floors, ours]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round += 1) {
    await bare(floors)
    await alone(ours)
  }
  say(`1. frame → event, ${ALONE.frames} frames x ${ROUNDS} rounds: ${told(ours)}`)
  say(`   frame → bare fetch, in turns:               ${told(floors)}`)
  say(`   the agent layer adds ${(at(ours, 0.5) - at(floors, 0.5)).toFixed(2)} ms at p50`)
}

const builtIn = () =>
  new BuiltInAgent(builtInSettings.parse({ provider: 'fake' }), {
    providers: { fake: providerSettings.parse({ base_url: url, api_key: 'sk-measured', model: 'm' }) },
  })
const MAKERS = { dify: () => new DifyAgent(settings), 'built-in': builtIn }

/** Tells when an agent's events are emitted, on their way to the worker. */
let onEmitted: (event: BaseEvent) => void = () => {}
const watched = (make: () => AbstractAgent) => () => {
  const agent = make()
  const run = agent.run.bind(agent)
  agent.run = (input) => run(input).pipe(tap((event) => onEmitted(event)))
  return agent
}

const broker = await startBroker()
const common = { kafka: { brokers: broker.brokers }, prefix: 'measured' }
const worker = createWorker({
  ...common,
  maxConcurrentRuns: CROWD.runs,
  agents: { dify: watched(MAKERS.dify), 'built-in': watched(MAKERS['built-in']) },
})
const runner = new KafkaAgentRunner({ ...common, worker: false })
await Promise.all([worker.start(), runner.start()])

const ask = (
  agentId: string,
  threadId: string,
  query: string,
  onEvent: (event: BaseEvent) => void = () => {},
): Promise<BaseEvent> => {
  const input = inputOf(threadId, crypto.randomUUID(), query)
  return lastValueFrom(
    runner.run({ threadId, agent: new DifyAgent(settings, { agentId }), input }).pipe(tap(onEvent)),
  )
}

const measureCrowd = async (agentId: keyof typeof MAKERS): Promise<void> => {
  const threads = Array.from({ length: CROWD.runs }, (_, index) => `${agentId}-${index}`)
  const crowd = (query: string, onEvent?: (event: BaseEvent) => void) =>
    Promise.all(threads.map((thread) => ask(agentId, thread, query, onEvent)))
  // Threads are made, and code is compiled.
  await crowd(queryOf({ ...CROWD, frames: 100 }))
  const [all, steady, emitted]: [number[], number[], number[]] = [[], [], []]
  const from = performance.now()
  const lasts = CROWD.frames * CROWD.pauseMs
  const isSteady = () => performance.now() - from > SETTLES_MS && performance.now() - from < lasts
  onEmitted = (event) => void (isSteady() && ages(deltaOf(event), emitted))
  await crowd(queryOf(CROWD), (event) => {
    ages(deltaOf(event), all)
    if (isSteady()) ages(deltaOf(event), steady)
  })
  const rate = Math.round(1000 / CROWD.pauseMs)
  say(
    `2. ${agentId}: ${CROWD.runs} runs at ${rate} frames/s each, to the emitted event: ${told(emitted)} (${emitted.length} frames)`,
  )
  say(`   the same, through Kafka to run(): ${told(steady)} (${steady.length} frames)`)
  say(`   with the moments in which all begin and all end at once: ${told(all)} (${all.length} frames)`)
  say('   worker and caller in one process; broker and platform on the same machine')
}

const heap = (): number => {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed / 2 ** 20
}

/** The heap before and after each so many runs, `atOnce` side by side. */
const heapsOver = async (run: (index: number) => Promise<unknown>): Promise<string> => {
  const heaps: number[] = []
  const from = performance.now()
  for (let done = 0; done < MANY.runs; done += MANY.atOnce) {
    if (done % MANY.every === 0) heaps.push(heap())
    await Promise.all(Array.from({ length: MANY.atOnce }, (_, index) => run(done + index)))
  }
  heaps.push(heap())
  const rate = MANY.runs / ((performance.now() - from) / 1000)
  return `${heaps.map((mib) => mib.toFixed(0)).join(' ')}; ${rate.toFixed(0)} runs/s`
}

const measureMemory = async (): Promise<void> => {
  const query = queryOf({ frames: MANY.frames, pauseMs: 0 })
  const single = (index: number) =>
    lastValueFrom(new DifyAgent(settings).run(inputOf(`single-${index}`, `r${index}`, query)))
  const many = (index: number) => ask('dify', `many-${index % MANY.threads}`, query)
  say(`3. heap over ${MANY.runs} runs, after each ${MANY.every}, MiB`)
  say(`   the agent alone:       ${await heapsOver(single)}`)
  say(
    `   through Kafka, ${MANY.threads} threads: ${await heapsOver(many)} (worker and caller keep each thread's past runs)`,
  )
}

try {
  say(`${cpus().length} cores, ${cpus()[0]?.model.trim()}, Node ${process.version}`)
  await measureAlone()
  await measureCrowd('dify')
  await measureCrowd('built-in')
  await measureMemory()
} finally {
  await Promise.all([worker.stop({ drainTimeoutMs: 0 }), runner.close()])
  await broker.stop()
  child.disconnect()
}
