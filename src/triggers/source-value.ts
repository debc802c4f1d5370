import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import type { SchemaRegistryOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { HEADER_BYTES, isOfRegistry, schemaIdOf } from '../schema/record-format.ts'
import { unavailable } from '../schema/registry-address.ts'
import { createRegistryApi, type RegistryApi } from '../schema/registry-api.ts'
import { registryClient } from '../schema/registry-format.ts'
import type { TriggerDefinition } from './trigger-file.ts'

/** A source record's value as JSON; null for a tombstone. @throws Error when it is not of the format; RunnerError REGISTRY_UNAVAILABLE */
export type DecodeValue = (value: Buffer | null) => unknown | Promise<unknown>

export const createDecoders = (
  registry: SchemaRegistryOptions | undefined,
): Record<TriggerDefinition['format'], DecodeValue> => ({
  text: (value) => value && textOf(value),
  json: (value) => {
    if (isOfRegistry(value))
      throw new Error('it begins like a value of a schema registry: the trigger needs "format: avro"')
    return value && JSON.parse(textOf(value))
  },
  avro: createAvroDecoder(registry),
})

const utf8 = new TextDecoder('utf-8', { fatal: true })

const textOf = (value: Buffer): string => utf8.decode(value)

/** By the schema that each value names: whatever its producer registered. The client keeps each one that it met. */
const createAvroDecoder = (options: SchemaRegistryOptions | undefined): DecodeValue => {
  if (options === undefined) {
    return () => {
      throw new RunnerError('CONFIG_INVALID', WITHOUT_REGISTRY)
    }
  }
  const api = createRegistryApi(options)
  let registry: ReturnType<typeof registryClient> | undefined
  return async (value) => {
    if (value === null) return null
    if (!isOfRegistry(value)) throw new Error('it is not in the wire format of a schema registry')
    registry ??= registryClient(api.address)
    const id = schemaIdOf(value)
    const schema = await schemaOf(await registry, api, id)
    return toJson(schema.fromBuffer(value.subarray(HEADER_BYTES)))
  }
}

/** @throws Error when the registry has no such schema; RunnerError REGISTRY_UNAVAILABLE */
const schemaOf = async (client: SchemaRegistry, api: RegistryApi, id: number) => {
  try {
    return await client.getSchema(id)
  } catch (error) {
    // The client gives a registry that is away the status 400: only another question tells.
    if (await api.hasSchema(id)) throw unavailable(api.address, error)
    throw new Error(`the registry at ${api.address.url} has no schema ${id}`, { cause: error })
  }
}

export const WITHOUT_REGISTRY =
  '"format: avro" needs a schema registry: set SCHEMA_REGISTRY_URL to its address up to where /subjects begins.'

/** Avro's bytes and fixed as base64; all else is JSON already. */
const toJson = (value: unknown): unknown => {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field)]))
}

/** @throws RunnerError TRIGGER_FAILED; REGISTRY_UNAVAILABLE, which says nothing about the record */
export const decodeValue = async (decode: DecodeValue, value: Buffer | null): Promise<unknown> => {
  try {
    return await decode(value)
  } catch (error) {
    if (error instanceof RunnerError) throw error
    throw new RunnerError('TRIGGER_FAILED', `The record's value cannot be decoded: ${messageOf(error)}.`, {
      cause: error,
    })
  }
}
