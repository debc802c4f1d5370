import { readFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { cloudEventHeaders } from '../src/fan-in/cloud-event.ts'
import type { RunFact } from '../src/fan-in/run-fact.ts'
import { avroSchema, RECORD_KINDS, type RecordKind, subjectOf } from '../src/schema/avro-schemas.ts'
import {
  commandsTopic,
  sharedTopics,
  THREAD_TOPIC_CONFIG,
  type TopicSettings,
  workerGroup,
} from '../src/topics.ts'

const PREFIX = '{prefix}'
const POOL = '{pool}'
const BINDING_VERSION = '0.5.0'
/** `commandPartitions` unless it is set. */
const PARTITIONS = 12

const ref = (...path: string[]) => ({ $ref: `#/${path.join('/')}` })

interface Channel {
  topic: TopicSettings
  summary: string
  parameters: string[]
  messages: string[]
  /** Who writes it. */
  sent: string
  /** Who reads it, and in which group, if in one. */
  received: string
  group?: string
}

const shared = sharedTopics(PREFIX, PARTITIONS)
const THREAD_KINDS = ['claim', 'event', 'run', 'rejected', 'deleted'] as const

const bothForms = (kind: RecordKind): string[] => [nameOf(kind), `${nameOf(kind)}Avro`]

const nameOf = (kind: string): string => kind.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

const title = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

const channels = (): Record<string, Channel> => ({
  commands: {
    topic: shared.commands,
    summary: 'Run requests. One thread is one partition, so one worker at a time decides for it.',
    parameters: ['prefix'],
    messages: bothForms('command'),
    sent: 'Any producer asks for a run.',
    received: 'One worker of the group executes it.',
    group: workerGroup(PREFIX),
  },
  poolCommands: {
    topic: commandsTopic(PREFIX, PARTITIONS, POOL),
    summary: 'Run requests for the agents of a pool, which has workers of its own.',
    parameters: ['prefix', 'pool'],
    messages: bothForms('command'),
    sent: 'Any producer asks for a run of an agent in the pool.',
    received: "One of the pool's workers executes it.",
    group: workerGroup(PREFIX, POOL),
  },
  control: {
    topic: shared.control,
    summary: 'Stop requests.',
    parameters: ['prefix'],
    messages: bothForms('stop-request'),
    sent: 'A run is to end.',
    received: 'Every worker reads all of them, without a group.',
  },
  thread: {
    topic: { name: `${PREFIX}.thread.{threadId}`, partitions: 1, config: THREAD_TOPIC_CONFIG },
    summary: "A thread's log, always JSON: docs/protocol.md has the rules by which it is read and written.",
    parameters: ['prefix', 'threadId'],
    messages: THREAD_KINDS.map((kind) => `thread${title(kind)}`),
    sent: 'The worker that executes a run appends its events; also what answers a command.',
    received: 'Who shows the thread reads it from its beginning, without a group.',
  },
  runs: {
    topic: shared.runs,
    summary: "What happened to runs; the end of one with its events. For everybody's consumers.",
    parameters: ['prefix'],
    messages: bothForms('run-fact'),
    sent: 'A worker tells what happened, at least once.',
    received: 'Any consumer, in a group of its own.',
  },
  threads: {
    topic: shared.threads,
    summary: 'The directory of threads.',
    parameters: ['prefix'],
    messages: bothForms('thread'),
    sent: 'A worker enters the thread at the start and end of each run; a tombstone removes it.',
    received: 'Any consumer, in a group of its own.',
  },
  workers: {
    topic: shared.workers,
    summary: 'Presence of workers.',
    parameters: ['prefix'],
    messages: bothForms('worker'),
    sent: 'A worker, once a second; a tombstone when it leaves.',
    received: 'Every runner and worker, without a group.',
  },
  deadLetter: {
    topic: shared.deadLetter,
    summary: 'Commands that could not be decoded, routed or answered, as they were.',
    parameters: ['prefix'],
    messages: ['deadLetter'],
    sent: 'A worker puts aside what it cannot answer.',
    received: 'Who looks after it.',
  },
})

const channelOf = ({ topic, summary, parameters, messages }: Channel) => ({
  address: topic.name,
  summary,
  parameters: Object.fromEntries(parameters.map((name) => [name, ref('components', 'parameters', name)])),
  messages: Object.fromEntries(messages.map((name) => [name, ref('components', 'messages', name)])),
  bindings: {
    kafka: {
      partitions: topic.partitions,
      topicConfiguration: Object.fromEntries(
        Object.entries(topic.config).map(([name, value]) => [
          name,
          name === 'cleanup.policy' ? value.split(',') : Number(value),
        ]),
      ),
      bindingVersion: BINDING_VERSION,
    },
  },
})

const operationsOf = (name: string, { messages, sent, received, group }: Channel) => {
  const of = {
    channel: ref('channels', name),
    messages: messages.map((message) => ref('channels', name, 'messages', message)),
  }
  const bindings = group && {
    bindings: {
      kafka: { groupId: { type: 'string', const: group }, bindingVersion: BINDING_VERSION },
    },
  }
  return {
    [`send${title(name)}`]: { action: 'send', summary: sent, ...of },
    [`receive${title(name)}`]: { action: 'receive', summary: received, ...of, ...bindings },
  }
}

const KEYS: Record<RecordKind, string> = {
  command: 'The thread id.',
  'stop-request': 'The thread id.',
  'run-fact': 'The thread id.',
  thread: 'The thread id.',
  worker: 'The worker id.',
}

const keyBinding = (description: string, more: object = {}) => ({
  kafka: { key: { type: 'string', description }, ...more, bindingVersion: BINDING_VERSION },
})

/** A shared topic's record as JSON and in Avro: one of the two, as the writer is configured; readers take both. */
const recordMessages = (kind: RecordKind) => {
  const common = {
    title: avroSchema(kind).name,
    summary: avroSchema(kind).doc,
    ...(kind === 'run-fact' && { headers: ref('components', 'schemas', 'cloudEventHeaders') }),
  }
  return {
    [nameOf(kind)]: {
      name: nameOf(kind),
      ...common,
      contentType: 'application/json',
      payload: { $ref: `./${kind}.json` },
      bindings: keyBinding(KEYS[kind]),
    },
    [`${nameOf(kind)}Avro`]: {
      name: `${nameOf(kind)}Avro`,
      ...common,
      title: `${common.title} (Avro)`,
      description: `Behind a zero byte and the schema's id in four bytes. Subject: ${subjectOf(kind, PREFIX)}.`,
      contentType: 'application/avro',
      payload: {
        schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0',
        schema: { $ref: `./avro/${kind}.avsc` },
      },
      bindings: keyBinding(KEYS[kind], {
        schemaIdLocation: 'payload',
        schemaIdPayloadEncoding: 'confluent',
        schemaLookupStrategy: 'TopicNameStrategy',
      }),
    },
  }
}

const threadLog = JSON.parse(readFileSync(new URL('../schemas/thread-log.json', import.meta.url), 'utf8'))

const threadMessage = (kind: (typeof THREAD_KINDS)[number]) => ({
  [`thread${title(kind)}`]: {
    name: `thread${title(kind)}`,
    title: `Thread log: ${kind}`,
    summary: threadLog.$defs[kind].description,
    contentType: 'application/json',
    headers: { $ref: `./thread-log.json#/$defs/${kind}/properties/headers` },
    payload: { $ref: `./thread-log.json#/$defs/${kind}/properties/value` },
    bindings: keyBinding(
      'Unique to the append: nothing of the log may be cleaned but what a tombstone names.',
    ),
  },
})

const deadLetterMessage = {
  name: 'deadLetter',
  title: 'Dead letter',
  summary: 'A record as it was received, byte for byte, with the reason in headers beside those that it had.',
  headers: {
    type: 'object',
    required: ['dead-letter-code', 'dead-letter-reason', 'dead-letter-source'],
    properties: {
      'dead-letter-code': { type: 'string', description: 'What was wrong, as one of docs/errors.md.' },
      'dead-letter-reason': { type: 'string', description: 'The same in words.' },
      'dead-letter-source': { type: 'string', description: 'Where it was: topic/partition/offset.' },
      'dead-letter-trigger': { type: 'string', description: 'The trigger that could make no command of it.' },
      'dead-letter-endpoint': { type: 'string', description: 'The webhook that it could not be posted to.' },
      'dead-letter-left-out': {
        type: 'string',
        description: 'How large the record is, where it is too large: then it is told of without its value.',
      },
    },
  },
  // Anything: it is here because it is nothing known.
  payload: {},
  bindings: keyBinding('As received.'),
}

const CLOUD_EVENT: Record<string, string> = {
  'content-type': "Of the record's value: application/json or application/avro.",
  ce_specversion: 'CloudEvents 1.0.',
  ce_type: 'What happened: kafka-agent-runner.run. and the fact.',
  ce_source: 'The thread. With ce_id it names the record: two with the same say the same.',
  ce_id: 'Of the fact within the thread; with the number of the part, where a run ends in several.',
  ce_time: 'When it happened.',
  ce_subject: 'The thread id, percent-encoded.',
  ce_traceparent: 'W3C trace context, where the command had one.',
}

const SAMPLE: RunFact = {
  version: 1,
  id: 'c/started',
  fact: 'started',
  threadId: 't',
  runId: 'r',
  commandId: 'c',
  agentId: 'a',
  workerId: 'w',
  time: 0,
  part: 0,
  parts: 1,
  events: [],
}

/** The headers that the code writes, each explained above. */
const cloudEventSchema = () => {
  const names = Object.keys(cloudEventHeaders(PREFIX, SAMPLE, 'application/json', 'traceparent'))
  const missing = names.filter((name) => CLOUD_EVENT[name] === undefined)
  if (missing.length > 0) throw new Error(`scripts/asyncapi.ts does not describe ${missing.join(', ')}`)
  return {
    type: 'object',
    description: 'CloudEvents 1.0, Kafka protocol binding, binary content mode.',
    required: names.filter((name) => name !== 'ce_traceparent'),
    properties: Object.fromEntries(
      names.map((name) => [name, { type: 'string', description: CLOUD_EVENT[name] }]),
    ),
  }
}

/** schemas/asyncapi.yaml. */
export const asyncApiDocument = (version: string): string => {
  const all = Object.entries(channels())
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'kafka-agent-runner',
      version,
      description:
        'All topics of kafka-agent-runner. Records of the shared topics are JSON, or Avro where a schema registry is ' +
        'configured; readers take both, also mixed. Generated by "npm run schemas"; docs/protocol.md has the rules.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      kafka: {
        host: 'localhost:9092',
        protocol: 'kafka',
        description: 'Yours: KAFKA_BROKERS. With TLS the protocol is kafka-secure.',
      },
    },
    channels: Object.fromEntries(all.map(([name, channel]) => [name, channelOf(channel)])),
    operations: Object.assign({}, ...all.map(([name, channel]) => operationsOf(name, channel))),
    components: {
      parameters: {
        prefix: { description: 'Start of all names: KAR_PREFIX.', default: 'agents' },
        pool: { description: 'A pool of workers.' },
        threadId: {
          description:
            'The thread id: bytes outside A-Z, a-z, 0-9 and "-" as "_" and two hex digits; one that is too long for ' +
            'that as "_h" and its SHA-256.',
        },
      },
      messages: Object.assign({}, ...RECORD_KINDS.map(recordMessages), ...THREAD_KINDS.map(threadMessage), {
        deadLetter: deadLetterMessage,
      }),
      schemas: { cloudEventHeaders: cloudEventSchema() },
    },
  }
  return stringify(document, { lineWidth: 110, aliasDuplicateObjects: false })
}
