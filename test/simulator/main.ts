import { parseArgs } from 'node:util'
import { type Result, simulate } from './simulate.ts'

const { values } = parseArgs({
  options: {
    /** One seed alone. */
    seed: { type: 'string' },
    /** How many, from `--from` on. */
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    /** With what happened, line by line, in simulated milliseconds. */
    verbose: { type: 'boolean', default: false },
    /** Seeds that break promises after which it leaves off. */
    max: { type: 'string', default: '10' },
  },
})

const NEWS_EVERY = 500

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const report = ({ seed, trace, violations }: Result): void => {
  for (const line of trace) print(line)
  if (violations.length === 0) return
  print(`Seed ${seed} breaks promises; --seed ${seed} --verbose shows how:`)
  for (const violation of violations) print(`  ${violation}`)
}

const play = async (from: number, seeds: number): Promise<boolean> => {
  const startedAt = performance.now()
  const sum = { executions: 0, events: 0, steps: 0, simulatedMs: 0 }
  let played = 0
  let failed = 0
  const inSeconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
  while (played < seeds && failed < Number(values.max)) {
    const result = await simulate(from + played, { trace: values.verbose })
    report(result)
    played += 1
    if (result.violations.length > 0) failed += 1
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += result[name]
    if (played % NEWS_EVERY === 0) print(`${played} seeds, ${inSeconds()}`)
  }
  print(
    `${played} seeds from ${from}, ${failed} with broken promises: ${sum.executions} executions, ` +
      `${sum.events} events, ${(sum.simulatedMs / 3_600_000).toFixed(1)} simulated hours, ${sum.steps} steps, ${inSeconds()}`,
  )
  return failed === 0
}

// A promise that nobody handles would end a real process.
process.on('unhandledRejection', (error) => {
  print(`Unhandled: ${error instanceof Error ? error.stack : String(error)}`)
  process.exitCode = 1
})
const kept = await play(
  Number(values.seed ?? values.from),
  values.seed === undefined ? Number(values.seeds) : 1,
)
if (!kept) process.exitCode = 1
