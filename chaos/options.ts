import { parseArgs } from 'node:util'
import { FAULTS, type FaultName } from './plan.ts'

export interface ChaosOptions {
  minutes: number
  seed: string
  workers: number
  apis: number
  /** Threads that are talked to at the same time. */
  threads: number
  faults: FaultName[]
  /** Whether a figure that was missed fails the run too, not only a broken promise. */
  figures: boolean
  json: string | undefined
  /** Where logs, journal and recordings stay. @default a temporary folder, removed when nothing was violated */
  keep: string | undefined
}

export const HELP = `Kills, freezes and restarts workers, API processes and brokers under load, and then checks every promise.

Usage: npm run chaos -- [options]

  --minutes <n>     how long there is load and faults (default 5)
  --seed <text>     the plan of faults and the load follow from it (default 1)
  --workers <n>     worker processes, at least 2 (default 3)
  --api <n>         API processes, at least 2 (default 2)
  --threads <n>     threads that are talked to at the same time (default 24)
  --faults <list>   of ${FAULTS.join(', ')} (default all)
  --json <file>     writes the report as JSON too
  --keep <folder>   keeps the processes' logs, the journal and what clients recorded there
  --only-promises   missed figures are shown, but do not fail the run: for a busy machine
  --help

Exits with 1 on any violation, with 2 when it could not be carried out.
KAR_ variables reach the workers and API processes, as in KAR_SESSION_TIMEOUT_MS=6000.
`

/** The options; undefined when only help was asked for. @throws Error that names the option */
export const parseOptions = (args: string[]): ChaosOptions | undefined => {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      workers: { type: 'string', default: '3' },
      api: { type: 'string', default: '2' },
      threads: { type: 'string', default: '24' },
      faults: { type: 'string', default: FAULTS.join(',') },
      json: { type: 'string' },
      keep: { type: 'string' },
      'only-promises': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  return {
    minutes: numberOf('minutes', values.minutes, 0.1),
    seed: values.seed,
    workers: numberOf('workers', values.workers, 2),
    apis: numberOf('api', values.api, 2),
    threads: numberOf('threads', values.threads, 1),
    faults: values.faults.split(',').map(faultOf),
    figures: !values['only-promises'],
    json: values.json,
    keep: values.keep,
  }
}

const numberOf = (name: string, text: string, min: number): number => {
  const value = Number(text)
  if (!(value >= min)) throw new Error(`--${name} must be a number from ${min}, not "${text}".`)
  return value
}

const faultOf = (text: string): FaultName => {
  const name = FAULTS.find((fault) => fault === text.trim())
  if (name === undefined) throw new Error(`--faults takes ${FAULTS.join(', ')}; "${text}" is none of them.`)
  return name
}
