import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { expect, it, onTestFinished } from 'vitest'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'
import { registerSchemas } from '../support/registered.ts'
import { useSharedRegistry } from '../support/shared-registry.ts'
import { useTopic } from '../support/topic.ts'
import { counting, deadLettersOf, useSource } from './source.ts'

const registry = useSharedRegistry()

/** A record of a shop that has never heard of this project. */
const ORDER = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'customer', type: ['null', 'string'] },
    { name: 'digest', type: 'bytes' },
    { name: 'lines', type: { type: 'array', items: { type: 'map', values: 'double' } } },
  ],
}

/** The registry, with somebody between that can keep its answers. */
const useGate = async (): Promise<{ url: string; open: boolean }> => {
  const gate = { url: '', open: true }
  const server = createServer(async (request, response) => {
    if (!gate.open) return request.socket.destroy()
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = 'GET', headers } = request
    const answer = await fetch(`${registry.url}${request.url}`, {
      method,
      headers: { 'content-type': headers['content-type'] ?? 'application/json' },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    })
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(await answer.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  gate.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return gate
}

it('starts runs for Avro records by their own schemas, and waits for a registry that is away', async () => {
  const kafka = useKafka()
  const gate = await useGate()
  const source = await useSource(kafka, 1)
  await registerSchemas(registry.url, kafka.prefix)
  const client = new SchemaRegistry({ host: registry.url })
  const encoded = async (name: string, order: object) => {
    const schema = JSON.stringify({ ...ORDER, name })
    const { id } = await client.register(
      { type: SchemaType.AVRO, schema },
      { subject: `${kafka.prefix}-${name}` },
    )
    return client.encode(id, order)
  }
  const order = { id: 7, customer: 'Ada', digest: Buffer.from([1, 255]), lines: [{ price: 1.5 }] }
  await source.send({ key: 'a', value: await encoded('Order', order) })

  const schemaRegistry = { url: gate.url }
  const common = { kafka: { brokers: kafka.brokers }, prefix: kafka.prefix, commandPartitions: 3 }
  const warnings: string[] = []
  const logger = { ...quiet, warn: (...line: unknown[]) => warnings.push(JSON.stringify(line)) }
  const trigger = {
    ...source.basic,
    format: 'avro',
    threadId: '"order-" & $string(value.id)',
    message: 'value.customer & " " & value.digest & " " & $string(value.lines[0].price)',
  }
  const triggers = await source.start([trigger], { config: { ...common, schemaRegistry }, logger })
  const { agent, executed } = counting()
  const asked: unknown[] = []
  const script = agent.script
  const listening = Object.assign(agent, {
    script: (...[input, signal]: Parameters<typeof script>) => {
      asked.push([input.threadId, input.messages[0]?.content])
      return script(input, signal)
    },
  })
  await kafka.worker({ agents: { counting: listening }, schemaRegistry: { url: registry.url } })
  await expect.poll(() => asked, { timeout: 15_000 }).toEqual([['order-7', 'Ada Af8= 1.5']])

  // An unknown schema is the record's fault. A registry that does not answer is not.
  await source.send(
    { key: 'b', value: Buffer.from([0, 0x7f, 0xff, 0xff, 0xfe, 1, 2]) },
    { key: 'c', value: 'text' },
  )
  await expect.poll(() => triggers.counts.deadLetters, { timeout: 10_000 }).toBe(2)
  gate.open = false
  await source.send({ key: 'd', value: await encoded('NewOrder', { ...order, id: 8 }) })
  await expect
    .poll(() => warnings.at(-1), { timeout: 15_000 })
    .toContain('Mapping a record failed, and is tried again')
  expect(triggers.counts).toMatchObject({ records: 3, commands: 1 })
  gate.open = true
  await expect.poll(() => executed.size, { timeout: 15_000 }).toBe(2)
  expect(triggers.counts).toMatchObject({ records: 4, commands: 2, deadLetters: 2 })
  const letters = useTopic(kafka.brokers, deadLettersOf(kafka.prefix)).records
  await expect.poll(() => letters.map(({ key }) => key), { timeout: 10_000 }).toEqual(['b', 'c'])
})
