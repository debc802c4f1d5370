import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import type { SchemaRegistryOptions } from '../config.ts'
import { RunnerError } from '../errors.ts'
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
import { type RegistryAddress, unavailable } from './registry-address.ts'
import { createRegistryApi, REQUEST_MS_MAX } from './registry-api.ts'

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
  const api = createRegistryApi(options)
  let connecting: Promise<SchemaRegistry> | undefined
  const schemas = new Map<number, Compiled>()
  const ids = new Map<RecordKind, number>()

  /** Undefined for one that the registry does not have, or that is no Avro: trying again would not help. */
  const loadId = async (id: number): Promise<Compiled | undefined> => {
    const known = schemas.get(id)
    if (known !== undefined) return known
    connecting ??= registryClient(api.address)
    const registry = await connecting
    try {
      const schema = (await registry.getSchema(id)) as Compiled
      schemas.set(id, schema)
      return schema
    } catch (error) {
      // The client gives a registry that is away the status 400: only another question tells.
      const answered = typeof error === 'object' && error !== null && 'status' in error
      if ((await api.hasSchema(id)) && answered) throw unavailable(api.address, error)
      return undefined
    }
  }
  const loadKind = async (kind: RecordKind): Promise<void> => {
    const subject = subjectOf(kind, prefix)
    const found = await api.find(subject, avroSchema(kind))
    if (found === undefined || (await loadId(found.id)) === undefined) {
      throw unregistered(subject, api.address)
    }
    ids.set(kind, found.id)
  }

  return {
    contentType: 'application/avro',
    start: async () => {
      await Promise.all(RECORD_KINDS.map(loadKind))
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
      if (schema === undefined) {
        throw new Error(
          `it was written with schema ${schemaIdOf(value)}, which the registry at ${api.address.url} does not have, or not as Avro`,
        )
      }
      return fromAvro(avroSchema(kind), schema.fromBuffer(value.subarray(HEADER_BYTES)))
    },
  }
}

/** Loaded when it is wanted: most processes use none. */
export const registryClient = async ({ url, auth }: RegistryAddress): Promise<SchemaRegistry> => {
  const { SchemaRegistry } = await import('@kafkajs/confluent-schema-registry')
  return new SchemaRegistry({
    host: url,
    ...(auth && { auth }),
    retry: { retries: 3, initialRetryTimeInSecs: 0.1 },
    // It has no limit of its own.
    middlewares: [
      () => ({ prepareRequest: async (next) => (await next()).enhance({ timeout: REQUEST_MS_MAX }) }),
    ],
  })
}

const unregistered = (subject: string, { url }: RegistryAddress): RunnerError =>
  new RunnerError(
    'SCHEMA_UNREGISTERED',
    `The registry at ${url} has no schema of this version under "${subject}". ` +
      'Register it with "kar schemas register": nothing does so by itself.',
  )
