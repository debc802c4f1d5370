import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import type { SchemaRegistryOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { avroSchema, RECORD_KINDS, type RecordKind, subjectOf } from './avro-schemas.ts'
import { fromAvro, toAvro } from './avro-values.ts'
import {
  decodeJson,
  HEADER_BYTES,
  isOfRegistry,
  MAGIC_BYTE,
  type RecordFormat,
  schemaIdOf,
} from './record-format.ts'

/** What is used of a schema that the registry's client compiled. */
interface Compiled {
  toBuffer(value: object): Buffer
  fromBuffer(buffer: Buffer): object
}

/**
 * Confluent wire format. Schemas are registered by `kar schemas register`, never from here. Ids that were met once
 * are kept, so that a registry that goes down later is missed only by who meets a new one.
 */
export const createRegistryFormat = (options: SchemaRegistryOptions, prefix: string): RecordFormat => {
  let connecting: Promise<SchemaRegistry> | undefined
  const schemas = new Map<number, Compiled>()
  const ids = new Map<RecordKind, number>()

  const connected = () => {
    connecting ??= registryClient(options)
    return connecting
  }
  const loadId = async (id: number): Promise<Compiled> => {
    const known = schemas.get(id)
    if (known !== undefined) return known
    const registry = await connected()
    const schema = (await asked(options, () => registry.getSchema(id))) as Compiled
    schemas.set(id, schema)
    return schema
  }

  return {
    contentType: 'application/avro',
    start: async () => {
      const registry = await connected()
      await Promise.all(
        RECORD_KINDS.map(async (kind) => {
          const subject = subjectOf(kind, prefix)
          const id = await asked(
            options,
            () => registry.getRegistryIdBySchema(subject, avroSchema(kind) as never),
            () => unregistered(subject, options),
          )
          await loadId(id)
          ids.set(kind, id)
        }),
      )
    },
    encode: (kind, value) => {
      const id = ids.get(kind)
      if (id === undefined) throw new Error('start() has to come before anything is written')
      const avro = schemas.get(id)!.toBuffer(toAvro(avroSchema(kind), value))
      const header = Buffer.alloc(HEADER_BYTES, MAGIC_BYTE)
      header.writeInt32BE(id, 1)
      return Buffer.concat([header, avro])
    },
    load: (value) => {
      if (!isOfRegistry(value) || schemas.has(schemaIdOf(value))) return undefined
      return loadId(schemaIdOf(value)).then(() => {})
    },
    decode: (kind, value) => {
      if (!isOfRegistry(value)) return decodeJson(value)
      const schema = schemas.get(schemaIdOf(value))
      if (schema === undefined) throw new Error(`schema ${schemaIdOf(value)} was not loaded`)
      return fromAvro(avroSchema(kind), schema.fromBuffer(value.subarray(HEADER_BYTES)))
    },
  }
}

/** Loaded when it is wanted: most processes use none. */
export const registryClient = async ({ url, auth }: SchemaRegistryOptions): Promise<SchemaRegistry> => {
  const { SchemaRegistry } = await import('@kafkajs/confluent-schema-registry')
  return new SchemaRegistry({
    host: url,
    ...(auth && { auth }),
    retry: { retries: 3, initialRetryTimeInSecs: 0.1 },
  })
}

/** What the registry answers; `missing` says what its 404 means. */
export const asked = async <T>(
  { url }: SchemaRegistryOptions,
  ask: () => Promise<T>,
  missing?: () => RunnerError,
): Promise<T> => {
  try {
    return await ask()
  } catch (error) {
    if (missing !== undefined && (error as { status?: number }).status === 404) throw missing()
    throw new RunnerError(
      'REGISTRY_UNAVAILABLE',
      `The schema registry at ${withoutCredentials(url)} did not answer as it should: ${messageOf(error)}. ` +
        'Check that it runs, that SCHEMA_REGISTRY_URL is its address up to where /subjects begins, and its user and password.',
      { cause: error },
    )
  }
}

/** An address for logs and messages. */
const withoutCredentials = (url: string): string => {
  const address = new URL(url)
  address.username = ''
  address.password = ''
  return String(address)
}

const unregistered = (subject: string, { url }: SchemaRegistryOptions): RunnerError =>
  new RunnerError(
    'SCHEMA_UNREGISTERED',
    `The registry at ${withoutCredentials(url)} has no schema of this version under "${subject}". ` +
      'Register it with "kar schemas register", which nothing does by itself.',
  )
