import type { AvroField, AvroRecord, AvroType } from './avro-schemas.ts'

/** A record as its Avro schema wants it: JSON where that is a field's form, whole numbers, and no field missing. */
export const toAvro = (schema: AvroRecord, value: object): Record<string, unknown> =>
  Object.fromEntries(
    schema.fields.flatMap((field) => {
      const given = (value as Record<string, unknown>)[field.name]
      // Without a value the schema's default counts.
      if (given === undefined) return 'default' in field ? [[field.name, field.default]] : []
      return [[field.name, isJson(field) ? JSON.stringify(given) : toType(field.type, given)]]
    }),
  )

const toType = (type: AvroType, value: unknown): unknown => {
  if (value === null) return null
  if (Array.isArray(type)) return toType(type.find((each) => each !== 'null')!, value)
  if (isRecord(type)) return toAvro(type, value as object)
  if (isArray(type)) return (value as unknown[]).map((item) => toType(type.items, item))
  const name = typeof type === 'string' ? type : type.type
  return name === 'long' || name === 'int' ? Math.round(value as number) : value
}

/** The way back: nothing where Avro has null. */
export const fromAvro = (schema: AvroRecord, value: object): Record<string, unknown> => {
  const types = new Map(schema.fields.map((field) => [field.name, field]))
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, given]) => {
      const field = types.get(name)
      if (given === null || field === undefined) return []
      return [[name, isJson(field) ? JSON.parse(given) : fromType(field.type, given)]]
    }),
  )
}

const fromType = (type: AvroType, value: unknown): unknown => {
  if (Array.isArray(type)) return fromType(type.find((each) => each !== 'null')!, value)
  if (isRecord(type)) return fromAvro(type, value as object)
  if (isArray(type)) return (value as unknown[]).map((item) => fromType(type.items, item))
  // A map of avsc's has no prototype; what is compared and logged is to be a plain object.
  if (typeof type !== 'string' && type.type === 'map') return { ...(value as object) }
  return value
}

const isJson = ({ contentMediaType }: AvroField): boolean => contentMediaType === 'application/json'

const isRecord = (type: AvroType): type is AvroRecord =>
  typeof type === 'object' && 'type' in type && type.type === 'record'

const isArray = (type: AvroType): type is Extract<AvroType, { items: AvroType }> =>
  typeof type === 'object' && 'type' in type && type.type === 'array'
