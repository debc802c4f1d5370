import type { RecordKind } from './avro-schemas.ts'

/** How the records of the shared topics are written: as plain JSON, or in Avro by a schema registry. Both are read. */
export interface RecordFormat {
  /** Of the values it writes, as RFC 2046 has it. */
  contentType: string
  /** Asks the registry once for all that is needed to write. @throws RunnerError REGISTRY_UNAVAILABLE, SCHEMA_UNREGISTERED */
  start(): Promise<void>
  encode(kind: RecordKind, value: object): Buffer
  /**
   * What has to be awaited before a value can be decoded: nothing, unless its schema was never met here. Where the
   * registry has no such schema, it is decode() that says so.
   * @throws RunnerError REGISTRY_UNAVAILABLE
   */
  load(value: Buffer | null): Promise<void> | undefined
  /** @throws when it is neither JSON nor of a schema that was loaded */
  decode(kind: RecordKind, value: Buffer | null): unknown
}

/** Confluent's wire format: a zero byte, the schema's id in four, the Avro. JSON begins with neither. */
export const MAGIC_BYTE = 0
export const HEADER_BYTES = 5

export const isOfRegistry = (value: Buffer | null): value is Buffer =>
  value !== null && value.length > HEADER_BYTES && value[0] === MAGIC_BYTE

export const schemaIdOf = (value: Buffer): number => value.readInt32BE(1)

export const encodeJson = (value: object): Buffer => Buffer.from(JSON.stringify(value))

export const decodeJson = (value: Buffer | null): unknown => JSON.parse(value?.toString('utf8') ?? 'null')

export const jsonFormat: RecordFormat = {
  contentType: 'application/json',
  start: async () => {},
  encode: (_kind, value) => encodeJson(value),
  load: () => undefined,
  decode: (_kind, value) => {
    if (!isOfRegistry(value)) return decodeJson(value)
    throw new Error(
      `it was written with a schema registry (schema ${schemaIdOf(value)}), and this process knows none: set SCHEMA_REGISTRY_URL`,
    )
  },
}
