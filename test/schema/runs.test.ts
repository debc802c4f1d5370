import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeCommand } from '../../src/command/command.ts'
import { parseRunFact } from '../../src/fan-in/run-fact.ts'
import { avroSchema } from '../../src/schema/avro-schemas.ts'
import { toAvro } from '../../src/schema/avro-values.ts'
import { MAGIC_BYTE, type RecordFormat } from '../../src/schema/record-format.ts'
import { createRegistryFormat } from '../../src/schema/registry-format.ts'
import { sleep } from '../../src/sleep.ts'
import { sharedTopics } from '../../src/topics.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'
import { registerSchemas } from '../support/registered.ts'
import { startRegistry } from '../support/registry.ts'
import { useSharedRegistry } from '../support/shared-registry.ts'
import { produce, type RawRecord, useRawTopic } from './support.ts'

const registry = useSharedRegistry()
const agents = { talker: new ScriptedAgent(talker(3), 'talker') }
const agent = agents.talker

const isAvro = ({ value }: RawRecord): boolean => value?.[0] === MAGIC_BYTE
const isEnd = ({ headers }: RawRecord): boolean => headers.ce_type === 'kafka-agent-runner.run.finished'

const factsIn = async (records: RawRecord[], format: RecordFormat) => {
  const facts = []
  for (const { value } of records) {
    await format.load(value)
    facts.push(parseRunFact(format.decode('run-fact', value)))
  }
  return facts
}

const commandOf = (threadId: string) => ({
  version: 1 as const,
  commandId: `command-${threadId}`,
  threadId,
  agentId: 'talker',
  input: inputFor(threadId),
  onConcurrentRun: 'reject' as const,
  headers: {},
  time: Date.now(),
})

/** Something in front of the registry: false says that it has dealt with the request itself. */
const inFrontOf = async (
  url: string,
  lets: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<string> => {
  const server = createServer(async (request, response) => {
    if (!lets(request, response)) return
    const chunks = await request.toArray()
    const answer = await fetch(`${url}${request.url}`, {
      method: request.method!,
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

/** The registry behind a user and a password. */
const guarded = (url: string): Promise<string> => {
  const expected = `Basic ${Buffer.from('someone:se:cret').toString('base64')}`
  return inFrontOf(url, ({ headers }, response) => {
    if (headers.authorization === expected) return true
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"Unauthorized"}')
    return false
  })
}

describe('with a registry', () => {
  it('a run works from end to end, and each record of the shared topics is Avro', async () => {
    const kafka = useKafka()
    await registerSchemas(registry.url, kafka.prefix)
    const schemaRegistry = { url: registry.url }
    await kafka.worker({ agents, schemaRegistry })
    const runner = kafka.runner({ schemaRegistry })
    const events = await collect(runner.run({ threadId: 't', agent, input: inputFor('t') }))
    expect(textOf(events)).toBe(talkOf(3))
    expect(await runner.stop({ threadId: 't' })).toBe(false)
    expect((await runner.workers()).map(({ agents: names }) => names)).toEqual([['talker']])

    const topics = sharedTopics(kafka.prefix, 3)
    for (const { name } of [topics.commands, topics.threads, topics.workers]) {
      const records = await useRawTopic(kafka.brokers, name).until(() => true)
      expect(records.length, name).toBeGreaterThan(0)
      expect(records.every(isAvro), name).toBe(true)
    }
    const told = await useRawTopic(kafka.brokers, topics.runs.name).until(isEnd)
    expect(told.every(isAvro)).toBe(true)
    expect(told.every(({ headers }) => headers['content-type'] === 'application/avro')).toBe(true)
    const facts = await factsIn(told, createRegistryFormat(schemaRegistry, kafka.prefix))
    expect(facts.map(({ fact }) => fact)).toEqual(['accepted', 'started', 'finished'])
    expect(textOf(facts.at(-1)!.events.map(({ event }) => event as never))).toBe(talkOf(3))
  })

  it('a stop request is Avro too, and stops', async () => {
    const kafka = useKafka()
    await registerSchemas(registry.url, kafka.prefix)
    const schemaRegistry = { url: registry.url }
    const slow = new ScriptedAgent(talker(1_000, 50), 'slow')
    await kafka.worker({ agents: { slow }, schemaRegistry })
    const runner = kafka.runner({ schemaRegistry })
    const events = collect(runner.run({ threadId: 't', agent: slow, input: inputFor('t') }))
    while (!(await runner.status('t'))?.running) await sleep(20)
    expect(await runner.stop({ threadId: 't' })).toBe(true)
    expect((await events).at(-1)).toMatchObject({ type: 'RUN_FINISHED' })
    const records = await useRawTopic(kafka.brokers, sharedTopics(kafka.prefix, 3).control.name).until(isAvro)
    expect(records.map(isAvro)).toEqual([true])
  })

  it('JSON and Avro lie on the same topics after a switch, and readers take both', async () => {
    const kafka = useKafka()
    const before = await kafka.worker({ agents })
    const plain = kafka.runner()
    await collect(plain.run({ threadId: 't', agent, input: inputFor('t', { runId: 'json' }) }))
    await before.stop()
    await plain.close()

    await registerSchemas(registry.url, kafka.prefix)
    const schemaRegistry = { url: registry.url }
    await kafka.worker({ agents, schemaRegistry })
    const runner = kafka.runner({ schemaRegistry })
    // A producer that has not changed yet.
    const unchanged = kafka.runner()
    await collect(runner.run({ threadId: 't', agent, input: inputFor('t', { runId: 'avro' }) }))
    expect((await runner.status('t'))?.runs.map(({ runId }) => runId)).toEqual(['json', 'avro'])
    await produce(
      kafka.brokers,
      sharedTopics(kafka.prefix, 3).commands.name,
      'other',
      Buffer.from(JSON.stringify(commandOf('other'))),
    )
    const told = await useRawTopic(kafka.brokers, sharedTopics(kafka.prefix, 3).runs.name).until(
      (record) => record.key === 'other' && isEnd(record),
    )
    const facts = await factsIn(told, createRegistryFormat(schemaRegistry, kafka.prefix))
    // At least once: the second worker may tell again what the first one told.
    const ends = new Map(facts.filter(({ fact }) => fact === 'finished').map((fact) => [fact.id, fact.runId]))
    expect([...ends.values()]).toEqual(expect.arrayContaining(['json', 'avro']))
    expect(ends.size).toBe(3)
    expect(new Set(told.map(isAvro))).toEqual(new Set([true, false]))
    await unchanged.close()
  })

  it('goes on when it is stopped later: what was met needs no registry', { timeout: 120_000 }, async () => {
    const own = await startRegistry()
    onTestFinished(() => own.stop())
    const kafka = useKafka()
    await registerSchemas(own.url, kafka.prefix)
    const schemaRegistry = { url: own.url }
    await kafka.worker({ agents, schemaRegistry })
    const runner = kafka.runner({ schemaRegistry })
    await runner.start()
    await own.stop()
    await expect(fetch(`${own.url}/subjects`)).rejects.toThrow()
    for (const threadId of ['first', 'second']) {
      const events = await collect(runner.run({ threadId, agent, input: inputFor(threadId) }))
      expect(textOf(events)).toBe(talkOf(3))
    }
    const [record] = await useRawTopic(kafka.brokers, sharedTopics(kafka.prefix, 3).runs.name).until(isAvro)
    await expect(
      createRegistryFormat(schemaRegistry, kafka.prefix).load(record!.value),
    ).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
    })
    const late = kafka.runner({ schemaRegistry })
    await expect(late.start()).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
  })

  it('a command of a schema that was not met waits while it is away', async () => {
    const kafka = useKafka()
    await registerSchemas(registry.url, kafka.prefix)
    let away = false
    const url = await inFrontOf(registry.url, ({ socket }) => {
      if (away) socket.destroy()
      return !away
    })
    await kafka.worker({ agents, schemaRegistry: { url }, logger: quiet })

    const later = structuredClone(avroSchema('command'))
    later.fields.push({ name: 'later', type: ['null', 'string'], default: null })
    const client = new SchemaRegistry({ host: registry.url })
    const { id } = await client.register(
      { type: SchemaType.AVRO, schema: JSON.stringify(later) },
      { subject: `${kafka.prefix}-later` },
    )
    const command = await client.encode(id, toAvro(avroSchema('command'), commandOf('t')))
    away = true
    const { commands, runs } = sharedTopics(kafka.prefix, 3)
    await produce(kafka.brokers, commands.name, 't', command)
    const told = useRawTopic(kafka.brokers, runs.name)
    await sleep(1_500)
    expect(told.records).toEqual([])
    away = false
    await told.until(isEnd)
    expect(told.records.some(isEnd)).toBe(true)
  })

  it('a command of a schema that nobody registered is a dead letter, and holds up nothing', async () => {
    const kafka = useKafka()
    await registerSchemas(registry.url, kafka.prefix)
    const schemaRegistry = { url: registry.url }
    await kafka.worker({ agents, schemaRegistry, logger: quiet })
    const runner = kafka.runner({ schemaRegistry })
    const topics = sharedTopics(kafka.prefix, 3)
    const poison = Buffer.concat([Buffer.from([0, 0x7f, 0, 0, 1]), Buffer.from('nothing')])
    await produce(kafka.brokers, topics.commands.name, 't', poison)
    expect(textOf(await collect(runner.run({ threadId: 't', agent, input: inputFor('t') })))).toBe(talkOf(3))
    const [letter] = await useRawTopic(kafka.brokers, topics.deadLetter.name).until(() => true)
    expect(letter?.headers['dead-letter-code']).toBe('COMMAND_UNDECODABLE')
    expect(letter?.headers['dead-letter-reason']).toContain('schema 2130706433')
    expect(letter?.value).toEqual(poison)
  })
})

describe('without a registry', () => {
  it('a command in Avro is a dead letter that says what is missing, and holds up nothing', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents, logger: quiet })
    await registerSchemas(registry.url, kafka.prefix)
    const format = createRegistryFormat(registry, kafka.prefix)
    await format.start()
    const topics = sharedTopics(kafka.prefix, 3)
    const command = encodeCommand(commandOf('t'), format)
    await produce(kafka.brokers, topics.commands.name, 't', command)
    const [letter] = await useRawTopic(kafka.brokers, topics.deadLetter.name).until(() => true)
    expect(letter?.headers['dead-letter-code']).toBe('COMMAND_UNDECODABLE')
    expect(letter?.headers['dead-letter-reason']).toMatch(
      /written with a schema registry \(schema \d+\), and this process knows none: set SCHEMA_REGISTRY_URL/,
    )
    expect(letter?.value).toEqual(command)
    const events = await collect(kafka.runner().run({ threadId: 't', agent, input: inputFor('t') }))
    expect(textOf(events)).toBe(talkOf(3))
  })
})

/** Something that answers every request alike, in front of no registry. */
const answering = async (status: number, body: string): Promise<string> => {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

describe('at the start', () => {
  const startWith = async (url: string, auth?: { username: string; password: string }, prefix?: string) => {
    const kafka = useKafka()
    const schemaRegistry = { url, auth }
    return kafka.runner({ schemaRegistry, ...(prefix && { prefix }) }).start()
  }

  it('a registry that is down is REGISTRY_UNAVAILABLE, with its address but no credentials', async () => {
    const start = startWith('http://someone:secret@127.0.0.1:1/api')
    await expect(start).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retriable: true })
    await expect(start).rejects.toThrow(
      /at http:\/\/127\.0\.0\.1:1\/api did not answer: .*Check that it runs/,
    )
    await expect(start).rejects.not.toThrow(/secret/)
  })

  it('schemas that are not registered are SCHEMA_UNREGISTERED', async () => {
    const start = startWith(registry.url)
    await expect(start).rejects.toMatchObject({ code: 'SCHEMA_UNREGISTERED', retriable: false })
    await expect(start).rejects.toThrow(/-value"\. Register it with "kar schemas register"/)
  })

  it('a refused user is REGISTRY_UNAVAILABLE, and says so', async () => {
    const url = await guarded(registry.url)
    const wrong = startWith(url, { username: 'someone', password: 'wrong' })
    await expect(wrong).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
    await expect(wrong).rejects.toThrow(/refused the user \(401\).*SCHEMA_REGISTRY_PASSWORD/)
  })

  it('a user that is known gets in, named by the options or in the address', async () => {
    const { prefix } = useKafka()
    await registerSchemas(registry.url, prefix)
    const url = await guarded(registry.url)
    await startWith(url, { username: 'someone', password: 'se:cret' }, prefix)
    await startWith(url.replace('http://', 'http://someone:se%3Acret@'), undefined, prefix)
  })

  it.each([
    [404, '{"message":"nothing here"}'],
    [500, '{"message":"broken"}'],
    [200, '<html>a page</html>'],
  ])('what answers %s as no registry does is REGISTRY_UNAVAILABLE', async (status, body) => {
    const start = startWith(await answering(status, body))
    await expect(start).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
  })
})
