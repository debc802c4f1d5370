import * as client from '@ag-ui/client'
import { expect, it } from 'vitest'
import { replay, type Thread } from '../run/clients.ts'
import { type Result, simulate } from './simulate.ts'

const SEEDS = 1_200
const TIME_OUT_MS = 240_000

const failureOf = ({ seed, violations }: Result): string =>
  [`seed ${seed} (npm run simulate -- --seed ${seed} --verbose)`, ...violations].join('\n  ')

it(
  'keeps the promises through a thousand histories of crashes, freezes, outages and delays',
  async () => {
    const failures: string[] = []
    let executions = 0
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const result = await simulate(seed)
      executions += result.executions
      if (result.violations.length > 0) failures.push(failureOf(result))
    }
    expect(failures.join('\n')).toBe('')
    // Agents have run, or nothing was tested.
    expect(executions).toBeGreaterThan(3 * SEEDS)
  },
  TIME_OUT_MS,
)

it('plays a seed the same way each time, to the last line', async () => {
  for (const seed of [3, 26, 86]) {
    const [first, second] = [await simulate(seed, { trace: true }), await simulate(seed, { trace: true })]
    expect(first.trace.length).toBeGreaterThan(50)
    expect(second.trace).toEqual(first.trace)
  }
})

it('plays other seeds in other ways', async () => {
  const traces = [await simulate(1, { trace: true }), await simulate(2, { trace: true })]
  expect(traces[0]?.trace).not.toEqual(traces[1]?.trace)
})

it(
  'gives an AG-UI client the same messages and state, live and from the replay',
  async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      for (const { live, replay: replayed } of (await simulate(seed)).streams)
        expect(await applied(replayed), `seed ${seed}`).toEqual(await applied(live))
    }
  },
  TIME_OUT_MS,
)

/** A client takes one run at a time. A run that ends with RUN_ERROR is an error for it, and counts all the same. */
const applied = async (events: client.BaseEvent[]): Promise<Thread> => {
  let thread: Thread = { messages: [], state: {} }
  for (const run of runsOf(events)) {
    const failed = (run.at(-1)?.type as string) === 'RUN_ERROR'
    // Its end takes the client's own outcome away; what it had taken in by then is compared.
    const { messages, state } = await replay(
      client,
      failed ? [...run.slice(0, -1), finishOf(run)] : run,
      thread,
    )
    thread = { messages, state }
  }
  return thread
}

const finishOf = (run: client.BaseEvent[]): client.BaseEvent =>
  ({ ...run[0], type: 'RUN_FINISHED' }) as client.BaseEvent

const runsOf = (events: client.BaseEvent[]): client.BaseEvent[][] => {
  const runs: client.BaseEvent[][] = []
  for (const event of events) {
    if ((event.type as string) === 'RUN_STARTED') runs.push([])
    runs.at(-1)?.push(event)
  }
  return runs
}
