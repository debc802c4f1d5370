import { parseArgs } from 'node:util'
import { type ClientConfig, clientConfig, optionsFromEnv } from '../../src/config.ts'

export interface Options {
  config: ClientConfig
  threads: number
  days: number
  /** Milliseconds since 1970: where the last day ends. */
  to: number
  seed: number
}

export const HELP = `npm run generate-runs -- --prefix <name> [options]

  --prefix <name>     start of the topics' names; choose one that no agent uses
  --threads <number>  threads, with four runs each on average (1000)
  --days <number>     over so many days (14)
  --to <day>          the day after the last one, as 2026-11-21 (today)
  --seed <number>     another seed, other runs (1)
  --brokers <list>    Kafka brokers (KAFKA_BROKERS)

Examples:
  $ npm run generate-runs -- --threads 100 --prefix demo
  $ npm run generate-runs -- --threads 10000 --days 30 --prefix demo --brokers localhost:9092`

/** Undefined where help is asked for. @throws with what is wrong */
export const parseOptions = (): Options | undefined => {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h' },
      prefix: { type: 'string' },
      threads: { type: 'string', default: '1000' },
      days: { type: 'string', default: '14' },
      to: { type: 'string', default: new Date().toISOString().slice(0, 10) },
      seed: { type: 'string', default: '1' },
      brokers: { type: 'string' },
    },
  })
  if (values.help) return undefined
  if (values.prefix === undefined)
    throw new Error('--prefix has to be named, so that nothing is added to what real agents did.')
  const to = Date.parse(`${values.to}T00:00:00Z`)
  if (Number.isNaN(to)) throw new Error(`--to is to be a day as 2026-11-21, not "${values.to}".`)
  const env = optionsFromEnv(process.env, 'client')
  const brokers = values.brokers ?? process.env.KAFKA_BROKERS
  if (!brokers) throw new Error('No brokers are known: name them with --brokers or KAFKA_BROKERS.')
  // Text from the environment, which the schema turns into what it is to be.
  const input = { ...env, prefix: values.prefix, kafka: { ...env.kafka, brokers } }
  const config = clientConfig(input as unknown as Parameters<typeof clientConfig>[0])
  return {
    config,
    threads: positive('threads', values.threads),
    days: positive('days', values.days),
    to,
    seed: positive('seed', values.seed),
  }
}

const positive = (name: string, text: string): number => {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`--${name} is to be a whole number above 0, not "${text}".`)
}
