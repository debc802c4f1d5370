import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeCommand, encodeCommand } from '../../src/command/command.ts'
import { decodeStopRequest, encodeStopRequest } from '../../src/command/stop-request.ts'
import { FACTS, parseRunFact } from '../../src/fan-in/run-fact.ts'
import { decodeBeat, encodeBeat } from '../../src/presence/beat.ts'
import { jsonFormat, MAGIC_BYTE, type RecordFormat } from '../../src/schema/record-format.ts'
import { createRegistryFormat } from '../../src/schema/registry-format.ts'
import { registerSchemas } from '../support/registered.ts'
import { useSharedRegistry } from '../support/shared-registry.ts'

const registry = useSharedRegistry()
const prefix = `round-trip-${randomUUID().slice(0, 8)}`
let avro: RecordFormat

beforeAll(async () => {
  await registerSchemas(registry.url, prefix)
  avro = createRegistryFormat(registry, prefix)
  await avro.start()
})

const text = fc.string({ unit: 'grapheme' })
const id = fc.string({ unit: 'grapheme', minLength: 1 })
const name = fc.stringMatching(/^[a-z][a-z-]{0,19}$/)
const count = fc.nat()
const time = fc.integer({ min: 0, max: 8_640_000_000_000_000 })
/** Anything that JSON can hold, as it comes out of it. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)))
const event = fc.record({ type: fc.constantFrom('CUSTOM', 'RAW', 'RUN_STARTED'), value: json })
const traceparent = fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')

const command = fc.record(
  {
    version: fc.constant(1),
    commandId: id,
    threadId: fc.constant('thread'),
    agentId: id,
    input: fc.record({
      threadId: fc.constant('thread'),
      runId: id,
      messages: fc.array(fc.record({ id, role: name, content: json }), { maxLength: 3 }),
      tools: fc.array(json, { maxLength: 2 }),
      context: fc.array(json, { maxLength: 2 }),
      state: json,
      forwardedProps: json,
      more: json,
    }),
    onConcurrentRun: fc.constantFrom('reject', 'enqueue', 'supersede'),
    ttlMs: fc.integer({ min: 1 }),
    runTimeoutMs: fc.integer({ min: 1 }),
    headers: fc.dictionary(name, text),
    traceparent,
    time,
  },
  {
    requiredKeys: [
      'version',
      'commandId',
      'threadId',
      'agentId',
      'input',
      'onConcurrentRun',
      'headers',
      'time',
    ],
  },
)
const stopRequest = fc.record(
  {
    version: fc.constant(1),
    stopId: id,
    threadId: id,
    runId: id,
    commandId: id,
    cause: fc.constantFrom('stop', 'superseded', 'erased'),
    time,
  },
  { requiredKeys: ['version', 'stopId', 'threadId', 'runId', 'time'] },
)
const runFact = fc.record(
  {
    version: fc.constant(1),
    id,
    fact: fc.constantFrom(...FACTS),
    threadId: id,
    runId: id,
    commandId: id,
    agentId: text,
    workerId: text,
    time,
    startedAt: time,
    claimId: text,
    cause: fc.constantFrom('agent', 'stop', 'timeout', 'worker-lost'),
    code: text,
    message: text,
    firstSeq: count,
    lastSeq: count,
    part: count,
    parts: fc.integer({ min: 1, max: 1_000 }),
    events: fc.array(
      fc.record(
        { seq: count, count: fc.integer({ min: 1 }), type: name, time, until: time, event },
        { requiredKeys: ['seq', 'count', 'type', 'event'] },
      ),
      { maxLength: 4 },
    ),
  },
  {
    requiredKeys: ['version', 'id', 'fact', 'threadId', 'runId', 'commandId', 'agentId', 'workerId', 'time'],
  },
)
const thread = fc.record({
  version: fc.constant(1),
  threadId: id,
  agentId: text,
  runId: text,
  status: fc.constantFrom('running', 'finished', 'failed'),
  runs: count,
  seq: fc.maxSafeNat(),
  createdAt: time,
  updatedAt: time,
})
const beat = fc.record(
  {
    version: fc.constant(1),
    workerId: id,
    instanceId: id,
    state: fc.constantFrom('running', 'draining'),
    pool: name,
    agents: fc.array(text),
    runs: count,
    startedAt: time,
    time,
  },
  { requiredKeys: ['version', 'workerId', 'instanceId', 'state', 'agents', 'runs', 'startedAt', 'time'] },
)

const check = <T>(values: fc.Arbitrary<T>, holds: (value: T) => Promise<void> | void) =>
  fc.assert(
    fc.asyncProperty(values, async (value) => holds(value)),
    { numRuns: 200 },
  )

describe('a record in Avro is read as it was written', () => {
  it('command, its input whole', () =>
    check(command, async (value) => {
      const record = encodeCommand(value as never, avro)
      expect(record[0]).toBe(MAGIC_BYTE)
      expect(await decodeCommand('thread', record, avro)).toEqual(value)
    }))

  it('stop request', () =>
    check(stopRequest, (value) => {
      const record = encodeStopRequest(value as never, avro)
      expect(decodeStopRequest(record, avro)).toEqual({ cause: 'stop', ...value })
    }))

  it('run fact, its events whole', () =>
    check(runFact, (value) => {
      const record = avro.encode('run-fact', value)
      expect(parseRunFact(avro.decode('run-fact', record))).toEqual({
        part: 0,
        parts: 1,
        events: [],
        ...value,
      })
    }))

  it('thread', () =>
    check(thread, (value) => {
      expect(avro.decode('thread', avro.encode('thread', value))).toEqual(value)
    }))

  it('worker', () =>
    check(beat, (value) => {
      expect(decodeBeat(encodeBeat(value as never, avro), avro)).toEqual(value)
    }))

  it('with times that have fractions rounded to a millisecond', () => {
    const value = { version: 1, stopId: 's', threadId: 't', runId: 'r', time: 1_700_000_000_000.6 } as const
    expect(decodeStopRequest(encodeStopRequest(value, avro), avro)?.time).toBe(1_700_000_000_001)
  })
})

it('a reader with a registry takes JSON too', () =>
  check(runFact, (value) => {
    const record = jsonFormat.encode('run-fact', value)
    expect(avro.load(record)).toBeUndefined()
    expect(avro.decode('run-fact', record)).toEqual(value)
  }))

it('a reader that has met no schema yet loads it first, and only then', async () => {
  const reader = createRegistryFormat(registry, prefix)
  const value = { version: 1, threadId: 't', agentId: '', runId: '', status: 'failed', runs: 0, seq: 0 }
  const record = avro.encode('thread', { ...value, createdAt: 0, updatedAt: 0 })
  const load = reader.load(record)
  expect(load).toBeInstanceOf(Promise)
  await load
  expect(reader.load(record)).toBeUndefined()
  expect(reader.decode('thread', record)).toMatchObject(value)
})

it('a schema that the registry does not have is no matter of trying again: decode() names it', async () => {
  const record = Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), Buffer.from('anything')])
  await avro.load(record)
  expect(() => avro.decode('command', record)).toThrow('schema 2147483647, which the registry at')
})
