import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { factOf, until, useRunsTopic } from '../support/facts.ts'
import { useKafka } from '../support/kafka.ts'
import { startKar } from '../support/kar.ts'
import { committedOf } from '../support/topic.ts'
import { newSecret, runsOf, useReceiver } from './receiver.ts'

const useFile = (content: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kar-webhooks-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'webhooks.yaml')
  writeFileSync(path, content)
  return path
}

const fileOf = (url: string) => `
sessionTimeoutMs: 6000
endpoints:
  - id: one
    url: ${url}
    secret: $\{HOOK_SECRET}
    fromBeginning: true
    concurrency: 4
`

describe('kar webhooks', () => {
  it('loses nothing when it is killed, posts again with the same id, and finishes what is in flight when it is told to end', async () => {
    const kafka = useKafka()
    const topic = await useRunsTopic(kafka)
    const threads = Array.from({ length: 8 }, (_, index) => `thread-${index}`)
    const facts = Array.from({ length: 60 }, (_, run) => factOf(threads[run % 8]!, 'finished', run))
    await topic.tell(facts)
    const receiver = await useReceiver(() => ({ status: 200, afterMs: 40 }))
    const path = useFile(fileOf(receiver.url))
    const env = {
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAR_PREFIX: kafka.prefix,
      HOOK_SECRET: receiver.secret,
    }
    const start = () => startKar(['webhooks', '--config', path], env)
    const committed = () => committedOf(kafka.brokers, `${kafka.prefix}.webhooks.one`, topic.topic)

    const first = start()
    await until(() => receiver.taken.length >= 10)
    first.child.kill('SIGKILL')
    await first.exited
    const second = start()
    const before = receiver.received.length
    await until(() => receiver.received.length >= before + 10)
    second.child.kill('SIGTERM')
    expect(await second.exited).toBe(0)
    const taken = new Set(receiver.taken.map(({ event }) => event.id)).size
    expect(await committed()).toBeLessThanOrEqual(taken)
    expect(taken).toBeLessThan(60)
    // It waited for the answers to what it had begun.
    expect(receiver.taken.length).toBe(receiver.received.length)

    const third = start()
    const greeting = await third.line(/Posting to .*/)
    await until(async () => (await committed()) === 60)
    for (const thread of threads) {
      const wanted = facts.filter(({ threadId }) => threadId === thread).map(({ runId }) => runId)
      expect([...new Set(runsOf(receiver.taken, thread))]).toEqual(wanted)
    }
    const idOf = new Map(receiver.received.map(({ event, headers }) => [event.id, headers['webhook-id']]))
    for (const { event, headers } of receiver.received) expect(headers['webhook-id']).toBe(idOf.get(event.id))
    expect(idOf.size).toBe(60)
    expect(receiver.refused).toEqual([])
    expect(greeting[0]).toContain(`one (http://127.0.0.1:${receiver.port})`)
    third.child.kill('SIGTERM')
    expect(await third.exited).toBe(0)
    for (const { output } of [first, second, third])
      for (const hidden of [receiver.secret.slice(6), receiver.token]) expect(output()).not.toContain(hidden)
  })

  it('ends when it is told to while it waits for the topic', async () => {
    const { brokers, prefix } = useKafka()
    const path = useFile(fileOf('http://127.0.0.1:1/'))
    const env = { KAFKA_BROKERS: brokers.join(','), KAR_PREFIX: prefix, HOOK_SECRET: newSecret() }
    const waiting = startKar(['webhooks', '--config', path], env)
    await waiting.line(/is missing; waiting/)
    const from = performance.now()
    waiting.child.kill('SIGTERM')
    expect(await waiting.exited).toBe(0)
    expect(performance.now() - from).toBeLessThan(10_000)
    expect(waiting.output()).not.toMatch(/kar:|Posting/)
  })

  it('says what is wrong with its file, and does not start', async () => {
    const path = useFile(fileOf('ftp://example.com/'))
    const wrong = startKar(['webhooks', '--config', path, '--check'], { HOOK_SECRET: 'hunter2' })
    expect(await wrong.exited).toBe(2)
    expect(wrong.output()).toMatch(
      /kar: The webhooks file .*endpoints\.0\.url.*endpoints\.0\.secret.*CONFIG_INVALID/,
    )
    expect(wrong.output()).not.toContain('hunter2')
  })
})
