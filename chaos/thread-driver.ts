import { sleep } from '../src/sleep.ts'
import type { Client } from './client.ts'
import type { Random } from './random.ts'
import { codeOf, type Recording } from './recording.ts'
import { drawScript } from './script.ts'

export interface DriverOptions {
  client: Client
  /** Addresses of the API processes that are up. */
  urls(): string[]
  random: Random
  name: string
  longRunMs: number
  /** Ends the load: what goes on is still watched to its end. */
  over: AbortSignal
}

const RUNS_PER_THREAD_MAX = 8
const PAUSE_MS = [50, 600] as const
const TRIES_MAX = 60

/** Talks to one thread after the other, run by run, as a few clients at once would. */
export const driveThreads = async (options: DriverOptions): Promise<void> => {
  const { random, name, over } = options
  for (let number = 1; !over.aborted; number += 1) {
    const threadId = `${name}/${number}`
    const runs = random.whole(2, RUNS_PER_THREAD_MAX)
    for (let run = 1; run <= runs && !over.aborted; run += 1) {
      await oneRun(options, threadId, run)
      await sleep(random.whole(...PAUSE_MS), over)
    }
  }
}

/** A run, and around it what others do on the thread meanwhile. */
const oneRun = async (options: DriverOptions, threadId: string, number: number): Promise<void> => {
  const { client, random, longRunMs } = options
  const runId = `${threadId.replace('/', '-')}-${number}`
  const script = drawScript(random, longRunMs)
  const { signal, abort } = endOf()
  const beside = [
    random.chance(0.15) &&
      after(random.whole(0, 800), signal, (url) =>
        client.run(url, threadId, `${runId}-rival`, drawScript(random, longRunMs / 4)),
      ),
    random.chance(0.12) && after(random.whole(0, 2_500), signal, (url) => client.stop(url, threadId, runId)),
    // A stop that comes too late for its run: it must not hit the one that goes on.
    number > 1 &&
      random.chance(0.08) &&
      after(random.whole(0, 500), signal, (url) =>
        client.stop(url, threadId, `${threadId.replace('/', '-')}-${number - 1}`),
      ),
    random.chance(0.3) && after(random.whole(0, 2_000), signal, (url) => client.connect(url, threadId)),
  ]

  async function after(
    ms: number,
    ended: AbortSignal,
    act: (url: string) => Promise<unknown>,
  ): Promise<void> {
    await sleep(ms, ended)
    await act(await anyUrl(options))
  }

  const recording = await client.run(await anyUrl(options), threadId, runId, script)
  if (recording.end?.how !== 'complete') await reconnect(options, threadId)
  if (codeOf(recording.received.at(-1)?.event) === 'THREAD_BUSY') await reconnect(options, threadId)
  abort()
  await Promise.all(beside)
}

const endOf = () => {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

/** A client whose server died goes to another, and reads the thread from its beginning until it is idle. */
const reconnect = async (options: DriverOptions, threadId: string): Promise<void> => {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const recording: Recording = await options.client.connect(await anyUrl(options), threadId)
    if (recording.end?.how === 'complete') return
    await sleep(200)
  }
}

const anyUrl = async ({ urls, random }: DriverOptions): Promise<string> => {
  for (let tries = 0; urls().length === 0 && tries < TRIES_MAX; tries += 1) await sleep(500)
  return random.pick(urls())
}
