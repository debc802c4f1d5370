import { existsSync, readFileSync } from 'node:fs'
import { sharedTopics } from '../topics.ts'

/** The records of the shared topics, each described by `schemas/avro/<kind>.avsc`. */
export const RECORD_KINDS = ['command', 'stop-request', 'run-fact', 'thread', 'worker'] as const

export type RecordKind = (typeof RECORD_KINDS)[number]

export interface AvroField {
  name: string
  type: AvroType
  doc?: string
  default?: unknown
  /** `application/json`: JSON text in Avro, where a plain JSON record has the value itself. */
  contentMediaType?: string
}

export type AvroType =
  | string
  | AvroType[]
  | { type: 'record'; name: string; doc?: string; fields: AvroField[] }
  | { type: 'array'; items: AvroType }
  | { type: 'map'; values: AvroType }
  | { type: 'enum'; name: string; symbols: string[] }
  | { type: string; logicalType?: string }

export type AvroRecord = Extract<AvroType, { fields: AvroField[] }>

// The sources lie two folders below the package, what is built from them three.
const FOLDER = ['../../schemas/avro/', '../../../schemas/avro/']
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url))

const read = (kind: RecordKind): AvroRecord =>
  JSON.parse(readFileSync(new URL(`${kind}.avsc`, FOLDER), 'utf8'))

let schemas: Record<RecordKind, AvroRecord> | undefined

export const avroSchema = (kind: RecordKind): AvroRecord => {
  schemas ??= Object.fromEntries(RECORD_KINDS.map((each) => [each, read(each)])) as Record<
    RecordKind,
    AvroRecord
  >
  return schemas[kind]
}

/** Where a kind of record is registered, by Confluent's TopicNameStrategy. */
export const subjectOf = (kind: RecordKind, prefix: string): string => {
  const topics = sharedTopics(prefix, 1)
  const topic = {
    command: topics.commands,
    'stop-request': topics.control,
    'run-fact': topics.runs,
    thread: topics.threads,
    worker: topics.workers,
  }[kind]
  return `${topic.name}-value`
}
