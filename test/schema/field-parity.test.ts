import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type AvroField, type AvroType, avroSchema, RECORD_KINDS } from '../../src/schema/avro-schemas.ts'

interface JsonField {
  description?: string
  type?: string
  enum?: string[]
  properties?: Record<string, JsonField>
  required?: string[]
  items?: JsonField
}

const jsonSchema = (name: string): JsonField => JSON.parse(readFileSync(`schemas/${name}.json`, 'utf8'))

/** Fields by their path, each with whether it may be left out. */
const avroFields = (fields: AvroField[], path = ''): Record<string, boolean> =>
  Object.assign(
    {},
    ...fields.map((field) => ({
      [`${path}${field.name}`]: 'default' in field,
      ...avroFields(recordIn(field.type), `${path}${field.name}.`),
    })),
  )

const recordIn = (type: AvroType): AvroField[] => {
  if (typeof type !== 'object' || Array.isArray(type)) return []
  if ('fields' in type) return type.fields
  return 'items' in type ? recordIn(type.items) : []
}

/** The same of a JSON Schema; what is JSON text in Avro is not looked into. */
const jsonFields = (schema: JsonField, opaque: string[], path = ''): Record<string, boolean> =>
  Object.assign(
    {},
    ...Object.entries(schema.properties ?? {}).map(([name, field]) => ({
      [`${path}${name}`]: !schema.required?.includes(name),
      ...(!opaque.includes(`${path}${name}`) && jsonFields(field.items ?? field, opaque, `${path}${name}.`)),
    })),
  )

const opaqueIn = (fields: AvroField[], path = ''): string[] =>
  fields.flatMap((field) => [
    ...(field.contentMediaType === 'application/json' ? [`${path}${field.name}`] : []),
    ...opaqueIn(recordIn(field.type), `${path}${field.name}.`),
  ])

const allFields = (fields: AvroField[]): AvroField[] =>
  fields.flatMap((field) => [field, ...allFields(recordIn(field.type))])

const enumOf = (fields: AvroField[], name: string): string[] | undefined => {
  const type = fields.find((field) => field.name === name)?.type
  return typeof type === 'object' && 'symbols' in type ? type.symbols : undefined
}

describe.each(RECORD_KINDS)('%s', (kind) => {
  const { fields, doc } = avroSchema(kind)
  const schema = jsonSchema(kind)

  it('has the same fields in Avro and as JSON, and the same of them may be left out', () => {
    expect(avroFields(fields)).toEqual(jsonFields(schema, opaqueIn(fields)))
  })

  it('has a doc for each Avro field', () => {
    expect(doc).toMatch(/\w/)
    for (const { name, doc: text } of allFields(fields)) expect(text, name).toMatch(/\w.*\.$/)
  })

  it('has the same values for what has a few', () => {
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      const symbols = enumOf(fields, name)
      // An older reader's word for what it does not know is never written.
      if (symbols !== undefined) expect(symbols.filter((each) => each !== 'unknown')).toEqual(field.enum)
    }
  })
})

/** Every property of a JSON Schema, at any depth. */
const properties = (node: unknown, path = '#'): [string, JsonField][] => {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([key, value]) => {
    const here = `${path}/${key}`
    const own =
      key === 'properties'
        ? Object.entries(value as object).map(([name, field]): [string, JsonField] => [
            `${here}/${name}`,
            field,
          ])
        : []
    return [...own, ...properties(value, here)]
  })
}

it.each([...RECORD_KINDS, 'thread-log', 'ag-ui-event'])('schemas/%s.json describes every field', (name) => {
  const all = properties(jsonSchema(name))
  expect(all.length).toBeGreaterThan(5)
  expect(all.filter(([, { description }]) => description === undefined).map(([path]) => path)).toEqual([])
})
