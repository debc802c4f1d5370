import { describe, expect, it, onTestFinished } from 'vitest'
import type { Logger } from '../../src/logger.ts'
import { sleep } from '../../src/sleep.ts'
import { parseWebhookFile } from '../../src/webhooks/webhook-file.ts'
import { createWebhooks } from '../../src/webhooks/webhooks.ts'
import { endInParts, factOf, until, useRunsTopic } from '../support/facts.ts'
import { freePort } from '../support/free-port.ts'
import { useKafka } from '../support/kafka.ts'
import { committedOf, isAllCommitted, useTopic } from '../support/topic.ts'
import { newSecret, runsOf, useReceiver } from './receiver.ts'

/** Attempts come soon one after the other. */
const QUICK = { backoffMs: 20, backoffMsMax: 40, fromBeginning: true }

const useWebhooks = async () => {
  const kafka = useKafka()
  const topic = await useRunsTopic(kafka)
  /** Everything that was logged, at any level. */
  const logged: string[] = []
  const log = (message: string, fields?: object) => void logged.push(JSON.stringify({ message, ...fields }))
  const logger: Logger = { info: log, warn: log, error: log }
  const start = async (...endpoints: object[]) => {
    const text = JSON.stringify({ endpoints: endpoints.map((endpoint) => ({ ...QUICK, ...endpoint })) })
    const file = await parseWebhookFile('webhooks.json', text, {})
    const { brokers, prefix } = kafka
    const webhooks = createWebhooks({ file, connection: { kafka: { brokers }, prefix }, logger })
    onTestFinished(() => webhooks.stop())
    await webhooks.start()
    return webhooks
  }
  const committed = (id: string) => committedOf(kafka.brokers, `${kafka.prefix}.webhooks.${id}`, topic.topic)
  const allCommitted = (id: string) =>
    isAllCommitted(kafka.brokers, `${kafka.prefix}.webhooks.${id}`, topic.topic)
  return { ...kafka, ...topic, logged, start, committed, allCommitted }
}

describe('a webhook', () => {
  it('is a signed CloudEvent of a fact, with the events of the run only where they are asked for', async () => {
    const { tell, prefix, start } = await useWebhooks()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await tell([factOf('a thread', 'accepted', 1), factOf('a thread', 'started', 1)])
    await tell(endInParts('a thread', 1, 3, 700_000), traceparent)
    await tell([factOf('a thread', 'failed', 2, { agentId: 'other', code: 'X' })])
    const [plain, full, news] = await Promise.all([useReceiver(), useReceiver(), useReceiver()])
    await start(
      { id: 'plain', url: plain.url, secret: plain.secret },
      {
        id: 'full',
        url: full.url,
        secret: [full.secret, news.secret],
        includeEvents: true,
        agents: ['agent'],
      },
      { id: 'news', url: news.url, secret: news.secret, facts: ['accepted', 'started'] },
    )
    await until(() => plain.taken.length === 2 && full.taken.length === 1 && news.taken.length === 2)
    expect([plain.refused, full.refused, news.refused]).toEqual([[], [], []])
    const [ended, failed] = plain.taken
    expect(JSON.parse(ended!.body)).toEqual({
      specversion: '1.0',
      type: 'kafka-agent-runner.run.finished',
      source: `/kafka-agent-runner/${prefix}/threads/a%20thread`,
      id: 'command-1/ended',
      time: '2023-11-14T22:13:20.000Z',
      subject: 'a%20thread',
      datacontenttype: 'application/json',
      traceparent,
      data: {
        version: 1,
        id: 'command-1/ended',
        fact: 'finished',
        threadId: 'a thread',
        runId: 'run-1',
        commandId: 'command-1',
        agentId: 'agent',
        workerId: 'worker',
        time: 1_700_000_000_000,
      },
    })
    expect(ended?.headers).toMatchObject({
      'content-type': 'application/cloudevents+json',
      'webhook-id': expect.stringMatching(/^msg_[\w-]{32}$/),
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
      'webhook-signature': expect.stringMatching(/^v1,\S+$/),
    })
    expect(failed?.event.data).toMatchObject({ agentId: 'other', fact: 'failed', code: 'X' })
    const { events } = full.taken[0]!.event.data as unknown as { events: unknown[] }
    expect([events.length, full.taken[0]!.body.length > 2_100_000]).toEqual([3, true])
    expect(full.taken[0]?.headers['webhook-id']).toBe(ended?.headers['webhook-id'])
    expect(full.taken[0]?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/)
    expect(news.taken.map(({ event }) => event.data.fact)).toEqual(['accepted', 'started'])
  })

  it('waits for the one before it of its thread, while those of other threads go on', async () => {
    const { tell, start, allCommitted } = await useWebhooks()
    await tell(
      [1, 2, 3].flatMap((run) => ['slow', 'b', 'c'].map((thread) => factOf(thread, 'finished', run))),
    )
    let broken = true
    const receiver = await useReceiver(({ event }) =>
      broken && event.data.threadId === 'slow' ? { status: 503 } : { status: 204 },
    )
    await start({ id: 'one', url: receiver.url, secret: receiver.secret, attemptsMax: 100 })
    await until(() => receiver.taken.length === 6 && runsOf(receiver.received, 'slow').length > 5)
    expect(new Set(runsOf(receiver.received, 'slow'))).toEqual(new Set(['run-1']))
    expect(await allCommitted('one')).toBe(false)
    broken = false
    await until(() => receiver.taken.length === 9)
    for (const thread of ['slow', 'b', 'c'])
      expect(runsOf(receiver.taken, thread)).toEqual(['run-1', 'run-2', 'run-3'])
    const attempts = receiver.received.filter(({ event }) => event.data.threadId === 'slow').slice(0, 5)
    expect(new Set(attempts.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    await until(() => allCommitted('one'))
  })

  it('goes to the dead letters after its attempts, or at once where none would help, and the next ones go on', async () => {
    const { tell, start, allCommitted, brokers, deadLetters, logged, topic } = await useWebhooks()
    await tell([
      factOf('busy', 'finished', 1),
      ...endInParts('refused', 2, 2),
      factOf('moved', 'finished', 3),
    ])
    await tell([
      factOf('silent', 'finished', 4),
      factOf('good', 'finished', 5),
      factOf('busy', 'finished', 6),
    ])
    const receiver = await useReceiver(({ event: { data } }) => {
      if (data.runId === 'run-1') return { status: 500 }
      if (data.runId === 'run-2') return { status: 422 }
      if (data.runId === 'run-3') return { status: 302, headers: { location: '/elsewhere' } }
      return data.runId === 'run-4' ? {} : { status: 200 }
    })
    const { url, secret, token } = receiver
    await start({ id: 'one', url, secret, attemptsMax: 3, timeoutMs: 150 })
    const letters = useTopic(brokers, deadLetters)
    await until(() => letters.records.length === 5 && receiver.taken.length === 2)
    const attempts = (runId: string) =>
      receiver.received.filter(({ event }) => event.data.runId === runId).length
    expect(['run-1', 'run-2', 'run-3', 'run-4'].map(attempts)).toEqual([3, 1, 1, 3])
    expect(runsOf(receiver.taken, 'busy')).toEqual(['run-6'])

    const told = letters.records.map(({ key, value }, at) => ({
      key,
      fact: JSON.parse(value ?? ''),
      headers: letters.headers[at]!,
    }))
    for (const { headers } of told) {
      expect(headers).toMatchObject({
        ce_specversion: '1.0',
        'dead-letter-code': 'WEBHOOK_FAILED',
        'dead-letter-endpoint': 'one',
        'dead-letter-source': expect.stringMatching(new RegExp(`^${topic}/\\d/\\d+$`)),
      })
    }
    const reasonOf = (thread: string) => told.find(({ key }) => key === thread)?.headers['dead-letter-reason']
    expect(reasonOf('busy')).toBe('Endpoint "one" did not take it in 3 attempts; the last: HTTP 500')
    expect(reasonOf('refused')).toBe('Endpoint "one" did not take it in 1 attempt; the last: HTTP 422')
    expect(reasonOf('moved')).toContain('HTTP 302')
    expect(reasonOf('silent')).toContain('no answer within 150 ms')
    // Whole, as it came: in parts.
    expect(
      told.filter(({ key }) => key === 'refused').map(({ fact }) => [fact.part, fact.events.length]),
    ).toEqual([
      [0, 1],
      [1, 1],
    ])
    await until(() => allCommitted('one'))
    for (const hidden of [secret, secret.slice(6), token])
      expect(JSON.stringify([logged, letters.headers, letters.records])).not.toContain(hidden)
    expect(logged.join()).toContain('HTTP 500')
  })

  it('is tried again when nobody listens yet', async () => {
    const { tell, start, logged } = await useWebhooks()
    const [port, secret] = [await freePort(), newSecret()]
    await tell([factOf('t', 'finished', 1)])
    await start({ id: 'one', url: `http://127.0.0.1:${port}/`, secret, attemptsMax: 100 })
    await until(() => logged.filter((line) => line.includes('ECONNREFUSED')).length >= 3)
    const receiver = await useReceiver(undefined, secret, port)
    await until(() => receiver.taken.length === 1)
  })

  it('is tried again when the receiver asks for it, within limits', async () => {
    const { tell, start } = await useWebhooks()
    await tell([factOf('soon', 'finished', 1), factOf('late', 'finished', 2)])
    const receiver = await useReceiver(({ event }) => {
      const first = runsOf(receiver.received, event.data.threadId).length === 1
      const headers = { 'retry-after': event.data.threadId === 'soon' ? '1' : '3600' }
      return first ? { status: 429, headers } : { status: 200 }
    })
    await start({ id: 'one', url: receiver.url, secret: receiver.secret, retryAfterMsMax: 1_500 })
    await until(() => receiver.taken.length === 2)
    const pauseOf = (thread: string) => {
      const [first, second] = receiver.received.filter(({ event }) => event.data.threadId === thread)
      return second!.at - first!.at
    }
    expect(pauseOf('soon')).toBeGreaterThanOrEqual(990)
    expect(pauseOf('soon')).toBeLessThan(1_450)
    expect(pauseOf('late')).toBeGreaterThanOrEqual(1_490)
    expect(pauseOf('late')).toBeLessThan(2_500)
  })

  it('goes nowhere after 410 Gone until the next start, which posts what came meanwhile; others go on', async () => {
    const { tell, start, committed, logged } = await useWebhooks()
    await tell([factOf('t', 'finished', 1)])
    let gone = true
    const leaving = await useReceiver(({ event }) => ({
      status: gone && event.data.runId !== 'run-1' ? 410 : 200,
    }))
    const staying = await useReceiver()
    const endpoints = [
      { id: 'leaving', url: leaving.url, secret: leaving.secret },
      { id: 'staying', url: staying.url, secret: staying.secret },
    ]
    const webhooks = await start(...endpoints)
    await until(() => leaving.taken.length === 1)
    await tell([2, 3, 4].map((run) => factOf('t', 'finished', run)))
    await until(() => staying.taken.length === 4)
    await until(async () => (await committed('leaving')) >= 1)
    await sleep(300)
    expect(leaving.received.length).toBe(2)
    expect(logged.filter((line) => line.includes('410')).length).toBe(1)
    await webhooks.stop()
    await webhooks.done
    gone = false
    await start(...endpoints)
    await until(() => leaving.taken.length === 4)
    expect(runsOf(leaving.taken, 't')).toEqual(['run-1', 'run-2', 'run-3', 'run-4'])
    expect(staying.received.length).toBe(4)
  })
})
