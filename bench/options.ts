import { parseArgs } from 'node:util'

export const HELP = `npm run bench -- [scenario ...] [options]

Measures this library beside the bare Kafka client (the floor) and its peers, one after another on this
machine, and writes bench/results/*.json with a chart each. All scenarios unless some are named; about
40 minutes for all.

  --quick          a short round of each, about 5 minutes; written to bench/results/quick
  --rounds N       rounds of each measurement, of which the median counts (default 3, quick 1)
  --alone          without the peers
  --profile NAME   one quick round of that scenario, with CPU profiles of our processes and where the time goes
  --list           the scenarios
  --help           this text`

export interface Options {
  scenarios: string[]
  quick: boolean
  rounds: number
  alone: boolean
  profile: boolean
  list: boolean
  help: boolean
}

/** @throws TypeError, which says what is wrong with the arguments */
export const parseOptions = (args: string[]): Options => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      alone: { type: 'boolean', default: false },
      profile: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick, profile, alone, list, help } = values
  const short = quick || profile !== undefined
  const rounds = Number(values.rounds ?? (short ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError('--rounds takes a whole number from 1.')
  return {
    scenarios: profile === undefined ? positionals : [profile],
    quick: short,
    rounds,
    alone: alone || profile !== undefined,
    profile: profile !== undefined,
    list,
    help,
  }
}
