/**
 * Fills `<prefix>.runs` with made-up, realistic runs, the same for the same seed:
 *
 *   npm run generate-runs -- --threads 10000 --prefix demo
 */
import { filterWarnings } from '../src/cli/warnings.ts'
import { messageOf } from '../src/errors.ts'
import { cloudEventHeaders } from '../src/fan-in/cloud-event.ts'
import type { RunFact } from '../src/fan-in/run-fact.ts'
import { createProducer } from '../src/kafka/producer.ts'
import { ensureSharedTopics } from '../src/kafka/shared-topics.ts'
import { encodeJson } from '../src/schema/record-format.ts'
import { sharedTopics } from '../src/topics.ts'
import { randomFrom } from '../test/simulator/random.ts'
import { generateThread, threadStarts } from './runs/generated-thread.ts'
import { HELP, parseOptions } from './runs/options.ts'

/** Records that wait for their acknowledgement. */
const UNDER_WAY_MAX = 2_000
const CONTENT_TYPE = 'application/json'

const say = (text: string): void => void process.stderr.write(text)

const main = async (): Promise<void> => {
  const options = parseOptions()
  if (options === undefined) return void process.stdout.write(`${HELP}\n`)
  const { config, threads, days, to, seed } = options
  const { runs } = sharedTopics(config.prefix, config.commandPartitions)
  await ensureSharedTopics(config.kafka, [runs])
  const producer = createProducer(config.kafka, { acks: -1 })
  const send = (fact: RunFact): Promise<void> =>
    producer.send({
      topic: runs.name,
      key: fact.threadId,
      value: encodeJson(fact),
      headers: cloudEventHeaders(config.prefix, fact, CONTENT_TYPE),
    })
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (stopping = true))

  const random = randomFrom(seed)
  const starts = threadStarts(random, threads, days, to)
  const from = performance.now()
  const done = { threads: 0, facts: 0, events: 0 }
  let underWay: Promise<void>[] = []
  const progress = () => {
    const seconds = (performance.now() - from) / 1_000
    const percent = Math.floor((100 * done.threads) / threads)
    say(
      `${percent}% ${done.threads} threads, ${done.facts} records, ${done.events} events, ${Math.round(seconds)} s\n`,
    )
  }
  const timer = setInterval(progress, 2_000)
  try {
    for (const [at, start] of starts.entries()) {
      if (stopping) break
      const threadId = `${config.prefix}-${String(at).padStart(6, '0')}`
      for (const fact of generateThread(random.fork(), threadId, start)) {
        underWay.push(send(fact))
        done.facts += 1
        done.events += fact.events.length
      }
      done.threads += 1
      if (underWay.length < UNDER_WAY_MAX) continue
      await Promise.all(underWay)
      underWay = []
    }
    await Promise.all(underWay)
  } finally {
    clearInterval(timer)
    await producer.close()
  }
  progress()
  if (stopping) process.exitCode = 130
}

filterWarnings()
main().catch((error) => {
  say(`${messageOf(error)}\n`)
  process.exitCode = 1
})
