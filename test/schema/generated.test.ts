import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { EventSchemas } from '@ag-ui/client'
import { Parser } from '@asyncapi/parser'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { generatedSchemas } from '../../scripts/generated.ts'
import { sharedTopics } from '../../src/topics.ts'

const ASYNCAPI = resolve('schemas/asyncapi.yaml')
const AG_UI = resolve('schemas/ag-ui-event.json')
const AGENTS_YAML = resolve('schemas/agents-yaml.json')

it('the generated schemas are up to date: else run "npm run schemas"', () => {
  const generated = generatedSchemas()
  expect(Object.keys(generated).toSorted()).toEqual([AG_UI, AGENTS_YAML, ASYNCAPI])
  expect(readFileSync(ASYNCAPI, 'utf8')).toBe(generated[ASYNCAPI])
  // Its layout is biome's.
  for (const path of [AG_UI, AGENTS_YAML])
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(generated[path]!))
})

const parse = (text: string) => new Parser().parse(text, { source: ASYNCAPI })
const errorsIn = async (text: string): Promise<string[]> =>
  (await parse(text)).diagnostics.filter(({ severity }) => severity === 0).map(({ message }) => message)

describe('schemas/asyncapi.yaml', () => {
  const text = readFileSync(ASYNCAPI, 'utf8')

  it('is valid, with all that it refers to', async () => {
    expect(await errorsIn(text)).toEqual([])
  })

  it.each([
    ['./avro/worker.avsc', './avro/nobody.avsc'],
    ['#/components/messages/command"', '#/components/messages/nothing"'],
    ['retention.ms: 86400000', 'retention.ms: often'],
    ['action: send', 'action: shout'],
  ])('would not be with %s as %s', async (from, to) => {
    expect(text).toContain(from)
    expect(await errorsIn(text.replace(from, to))).not.toEqual([])
  })

  it('has all topics, with their keys', async () => {
    const { document } = await parse(text)
    const addresses = document!.channels().map((channel) => channel.address())
    const names = Object.values(sharedTopics('{prefix}', 1)).map(({ name }) => name)
    expect(addresses.toSorted()).toEqual(
      [...names, '{prefix}.commands.{pool}', '{prefix}.thread.{threadId}'].toSorted(),
    )
    for (const channel of document!.channels()) {
      expect(channel.operations().filterBySend().length, channel.id()).toBe(1)
      expect(channel.operations().filterByReceive().length, channel.id()).toBe(1)
      for (const message of channel.messages()) {
        expect(message.bindings().get('kafka')?.value().key, message.id()).toMatchObject({ type: 'string' })
      }
    }
  })
})

describe('schemas/ag-ui-event.json', () => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(AG_UI, 'utf8')))

  const EVENTS: [boolean, object][] = [
    [true, { type: 'RUN_STARTED', threadId: 't', runId: 'r' }],
    [true, { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'Hello', more: 1 }],
    [true, { type: 'STATE_SNAPSHOT', snapshot: { any: ['thing'] } }],
    [true, { type: 'RUN_FINISHED', threadId: 't', runId: 'r', outcome: { type: 'success' } }],
    [
      true,
      {
        type: 'MESSAGES_SNAPSHOT',
        messages: [{ id: 'm', role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      },
    ],
    [false, { type: 'NOTHING_KNOWN' }],
    [false, { type: 'RUN_STARTED', threadId: 't' }],
    [false, { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 1 }],
    [false, { type: 'RUN_FINISHED', threadId: 't', runId: 'r', outcome: { type: 'success', why: 1 } }],
    [false, { type: 'MESSAGES_SNAPSHOT', messages: [{ id: 'm', role: 'nobody', content: '' }] }],
  ]
  it.each(EVENTS)('says %s, as AG-UI does, of %j', (valid, event) => {
    expect(EventSchemas.safeParse(event).success).toBe(valid)
    expect(validate(event)).toBe(valid)
  })

  it('knows every type of event', () => {
    const { anyOf } = JSON.parse(readFileSync(AG_UI, 'utf8')) as { anyOf: { $ref: string }[] }
    const types = EventSchemas.options.map(({ shape }) => `#/$defs/${shape.type.value}`)
    expect(anyOf.map(({ $ref }) => $ref)).toEqual(types)
  })
})
