import { parseArgs } from 'node:util'
import { type Result, simulate } from './simulate.ts'

/** `node test/simulator/main.ts --seeds 5000 --from 1`, or `--seed 123 --verbose` for one with its trace. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    /** Violations after which it leaves off. */
    max: { type: 'string', default: '10' },
  },
})

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const report = (result: Result): void => {
  if (result.violations.length === 0) return
  print(`seed ${result.seed} breaks promises:`)
  for (const violation of result.violations) print(`  ${violation}`)
}

process.on('unhandledRejection', (error) => {
  print(`UNHANDLED ${(error as Error).stack}`)
})
const from = Number(values.seed ?? values.from)
const seeds = values.seed === undefined ? Number(values.seeds) : 1
const startedAt = performance.now()
const sum = { steps: 0, executions: 0, events: 0, simulatedMs: 0 }
let failed = 0
for (let seed = from; seed < from + seeds; seed += 1) {
  const result = await simulate(seed, { trace: values.verbose })
  for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += result[name]
  if (values.verbose) for (const line of result.trace) print(line)
  report(result)
  if (result.violations.length > 0) failed += 1
  if (failed >= Number(values.max)) break
  if ((seed - from + 1) % 500 === 0)
    print(`${seed - from + 1} seeds, ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
}
const seconds = (performance.now() - startedAt) / 1000
print(
  `${seeds} seeds from ${from}: ${failed} with broken promises; ${sum.executions} executions, ${sum.events} events, ` +
    `${sum.steps} steps, ${(sum.simulatedMs / 3_600_000).toFixed(1)} simulated hours in ${seconds.toFixed(1)} s`,
)
process.exitCode = failed === 0 ? 0 : 1
