import { describe, expect, it } from 'vitest'
import type { SourceRecord } from '../../src/kafka/source-consumer.ts'
import { jsonFormat } from '../../src/schema/record-format.ts'
import { createMapping } from '../../src/triggers/mapping.ts'
import { compileTriggers } from '../../src/triggers/trigger.ts'
import { parseTriggerFile } from '../../src/triggers/trigger-file.ts'

const base = { id: 'orders', topic: 'orders', agent: 'support', threadId: 'key', message: 'value.text' }
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

const mappingOf = async (...triggers: object[]) => {
  const file = await parseTriggerFile('t.json', JSON.stringify({ triggers }))
  const config = { prefix: 'p', commandPartitions: 3, pools: { vision: 'gpu' } }
  return createMapping({ config, triggers: compileTriggers(file), format: jsonFormat, now: () => 42 })
}

const recordOf = (value: unknown, more: Partial<SourceRecord> = {}): SourceRecord => ({
  topic: 'orders',
  partition: 2,
  offset: 17,
  key: 'thread',
  value: value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  headers: {},
  time: 1,
  ...more,
})

describe('a record', () => {
  it('becomes a command, the same at each delivery', async () => {
    const mapping = await mappingOf({
      ...base,
      state: '{ "order": value.id }',
      context: '[{ "description": "tenant", "value": headers.tenant }]',
      forwardedProps: '{ "at": $string(partition) & "-" & $string(offset), "time": time }',
      ttlMs: 5_000,
      runTimeoutMs: 6_000,
    })
    const record = recordOf({ id: 9, text: 'Hello' }, { headers: { tenant: 'acme', traceparent: TRACE } })
    const [outcome] = await mapping(record)
    expect(outcome).toMatchObject({
      what: 'command',
      write: { topic: 'p.commands', key: 'thread' },
      command: {
        version: 1,
        commandId: 'orders/orders-2-17',
        threadId: 'thread',
        agentId: 'support',
        input: {
          threadId: 'thread',
          runId: 'orders/orders-2-17',
          messages: [{ id: 'orders/orders-2-17/message', role: 'user', content: 'Hello' }],
          state: { order: 9 },
          context: [{ description: 'tenant', value: 'acme' }],
          forwardedProps: { at: '2-17', time: 1 },
        },
        onConcurrentRun: 'enqueue',
        ttlMs: 5_000,
        runTimeoutMs: 6_000,
        traceparent: TRACE,
        time: 42,
      },
    })
    expect(await mapping(record)).toEqual([outcome])
  })

  it('goes to the pool of its agent, which it may name itself', async () => {
    const mapping = await mappingOf({ ...base, agent: '=value.agent' })
    const topicFor = async (agent: string) => {
      const [outcome] = await mapping(recordOf({ text: 'x', agent }))
      return outcome?.what === 'command' && outcome.write.topic
    }
    expect(await topicFor('vision')).toBe('p.commands.gpu')
    expect(await topicFor('other')).toBe('p.commands')
    expect(await topicFor('constructor')).toBe('p.commands')
  })

  it('passes the filter, or does not', async () => {
    const mapping = await mappingOf({ ...base, filter: 'value.urgent' })
    const whatOf = async (value: unknown) => (await mapping(recordOf(value)))[0]?.what
    expect(await whatOf({ text: 'x', urgent: true })).toBe('command')
    expect(await whatOf({ text: 'x', urgent: false })).toBe('refused')
    expect(await whatOf({ text: 'x' })).toBe('refused')
    expect(await whatOf(null)).toBe('refused')
    expect(await whatOf({ text: 'x', urgent: 'yes' })).toBe('dead-letter')
  })

  it('is seen by each trigger of its topic, and by no other', async () => {
    const mapping = await mappingOf(
      base,
      { ...base, id: 'second', threadId: 'key & "-2"' },
      { ...base, id: 'third', topic: 'else' },
    )
    const outcomes = await mapping(recordOf({ text: 'x' }))
    expect(outcomes.map(({ trigger, what }) => [trigger, what])).toEqual([
      ['orders', 'command'],
      ['second', 'command'],
    ])
  })

  it('is text, also empty', async () => {
    const mapping = await mappingOf({ ...base, format: 'text', message: '"It said: " & value' })
    for (const text of ['Grüße', '']) {
      const [outcome] = await mapping(recordOf(text))
      expect(outcome).toMatchObject({ command: { input: { messages: [{ content: `It said: ${text}` }] } } })
    }
  })

  it.each([
    ['is no JSON', recordOf('{'), 'cannot be decoded', 'TRIGGER_FAILED'],
    [
      'is no UTF-8',
      { ...recordOf('x'), value: Buffer.from([0xff, 0xfe]) },
      'cannot be decoded',
      'TRIGGER_FAILED',
    ],
    [
      'is Avro',
      { ...recordOf('x'), value: Buffer.from([0, 0, 0, 0, 7, 2]) },
      'format: avro',
      'TRIGGER_FAILED',
    ],
    ['has no key for its thread', recordOf({ text: 'x' }, { key: undefined }), 'threadId', 'TRIGGER_FAILED'],
    ['has no text', recordOf({ text: 7 }), '$string()', 'TRIGGER_FAILED'],
    ['is a tombstone', recordOf(null), 'message has to be a text, and is nothing', 'TRIGGER_FAILED'],
    [
      'has half a character for a thread id',
      recordOf({ text: 'x' }, { key: '\ud800' }),
      'Unicode',
      'INPUT_INVALID',
    ],
    ['is too large', recordOf({ text: 'x'.repeat(1_000_000) }), '1000000', 'INPUT_TOO_LARGE'],
  ])('is a dead letter with the reason when it %s', async (_, record, reason, code) => {
    const [outcome] = await (await mappingOf(base))(record)
    expect(outcome).toMatchObject({
      what: 'dead-letter',
      error: { code, message: expect.stringContaining(reason) },
      write: {
        topic: 'p.dead-letter',
        headers: {
          'dead-letter-source': 'orders/2/17',
          'dead-letter-trigger': 'orders',
          'dead-letter-code': code,
        },
      },
    })
  })

  it('is a dead letter without its value when it is larger than that topic takes', async () => {
    const record = {
      ...recordOf('x'),
      value: Buffer.alloc(2_000_000, 0xff),
      headers: { big: 'x'.repeat(9_000) },
    }
    const [outcome] = await (await mappingOf(base))(record)
    expect(outcome).toMatchObject({
      write: { value: null, headers: { 'dead-letter-left-out': expect.stringMatching(/^200\d+ bytes/) } },
    })
  })
})
