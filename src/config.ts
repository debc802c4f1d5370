import { randomUUID } from 'node:crypto'
import { homedir, hostname } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { z } from 'zod'
import { RunnerError } from './errors.ts'
import { workerGroup } from './topics.ts'

/**
 * The one place that knows defaults and reads the environment. Options and environment variables have the
 * same names: `maxConcurrentRuns` is `KAR_MAX_CONCURRENT_RUNS`; what is about Kafka itself starts with `KAFKA_`.
 */

/** What a run gets while its thread has another: docs/protocol.md, promise 7. */
export const CONCURRENT_RUN_MODES = ['reject', 'enqueue', 'supersede'] as const

const count = z.coerce.number().int().positive()
const ms = count
const flag = z.union([
  z.boolean(),
  z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1'),
])
const address = z.string().regex(/^(\[[^\]]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port')
const list = z.union([
  z.array(z.string()),
  z.string().transform((text) => text.split(',').map((part) => part.trim())),
])
const addresses = list.pipe(z.array(address).min(1))
/** A pool's name, part of its topic's. */
export const poolName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,60}$/, 'must be 1 to 60 of A-Z, a-z, 0-9, "_" and "-"')
/** `agent=pool,…` as text. */
const pools = z.union([
  z.record(z.string().min(1), poolName),
  z
    .string()
    .transform((text) =>
      Object.fromEntries(text.split(',').map((pair) => pair.split('=').map((part) => part.trim()))),
    )
    .pipe(z.record(z.string().min(1), poolName)),
])
/** Kafka's characters, and no dot at the end: topics are `<prefix>.commands` and so on. */
const prefix = z
  .string()
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,98}$/, 'must be 1 to 99 of A-Z, a-z, 0-9, ".", "_" and "-"')

const saslSchema = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  username: z.string().min(1),
  password: z.string().min(1),
})

const kafkaSchema = z.strictObject({
  /** Bootstrap servers, `host:port`. Kafka bootstrap.servers. `KAFKA_BROKERS`, separated by commas. */
  brokers: addresses,
  /** TLS: true, or the settings of node:tls. `KAFKA_SSL=true`. @default false */
  ssl: z
    .union([flag, z.custom<TlsOptions>((value) => typeof value === 'object' && value !== null)])
    .default(false),
  /** `KAFKA_SASL_MECHANISM`, `KAFKA_SASL_USERNAME`, `KAFKA_SASL_PASSWORD`. @default none */
  sasl: saslSchema.optional(),
  /** Kafka client.id. `KAFKA_CLIENT_ID`. @default 'kafka-agent-runner' */
  clientId: z.string().min(1).default('kafka-agent-runner'),
  /** `KAFKA_CONNECT_TIMEOUT_MS`. @default 5_000 */
  connectTimeoutMs: ms.default(5_000),
  /** Kafka request.timeout.ms. `KAFKA_REQUEST_TIMEOUT_MS`. @default 30_000 */
  requestTimeoutMs: ms.default(30_000),
  /** Replicas of the topics that this library creates; -1 is the brokers' default.replication.factor. `KAFKA_REPLICATION_FACTOR`. @default -1 */
  replicationFactor: z.coerce
    .number()
    .int()
    .refine((factor) => factor === -1 || factor > 0, 'must be -1 or at least 1')
    .default(-1),
})

const registryAuthSchema = z.strictObject({ username: z.string().min(1), password: z.string().min(1) })

const registrySchema = z.strictObject({
  /** Confluent's API, up to where `/subjects` begins. `SCHEMA_REGISTRY_URL`. */
  url: z.url({ protocol: /^https?$/ }),
  /** `SCHEMA_REGISTRY_USERNAME`, `SCHEMA_REGISTRY_PASSWORD`. @default none */
  auth: registryAuthSchema.optional(),
})

const sharedShape = {
  kafka: kafkaSchema,
  /** Where the schemas of the shared topics' records are. With it they are written in Avro, else as JSON; both are read. @default none */
  schemaRegistry: registrySchema.optional(),
  /** Start of every topic's name. `KAR_PREFIX`. @default 'agents' */
  prefix: prefix.default('agents'),
  /** Partitions of `<prefix>.commands` and `<prefix>.runs`: the most workers that take commands at once. `KAR_COMMAND_PARTITIONS`. @default 12 */
  commandPartitions: count.max(10_000).default(12),
  /** How long one append to a thread log is retried. Kafka delivery.timeout.ms. `KAR_APPEND_TIMEOUT_MS`. @default 60_000 */
  appendTimeoutMs: ms.default(60_000),
  /** How long a reader goes without an answer of the brokers before it ends with READ_FAILED. `KAR_READ_TIMEOUT_MS`. @default 60_000 */
  readTimeoutMs: ms.default(60_000),
  /** A worker is lost when no beat has arrived for this long. `KAR_PRESENCE_LIMIT_MS`. @default 5_000 */
  presenceLimitMs: ms.default(5_000),
  /** Threads whose place in the log a process remembers, so that it need not read them again. `KAR_THREADS_CACHED_MAX`. @default 1_000 */
  threadsCachedMax: count.default(1_000),
}

const workerShape = {
  /** Unique among the workers. `KAR_WORKER_ID`. @default host name, process id and a random part */
  workerId: z.string().min(1).max(200).optional(),
  /** The pool whose commands it takes: agents that name none are in none. `KAR_POOL`. @default none */
  pool: poolName.optional(),
  /** Kafka group.id. `KAR_GROUP_ID`. @default '<prefix>.workers', with the pool's name behind it */
  groupId: z.string().min(1).optional(),
  /** Runs that go on side by side; commands beyond wait in their partition. `KAR_MAX_CONCURRENT_RUNS`. @default 100 */
  maxConcurrentRuns: count.default(100),
  /** Runs of one thread that wait for their turn (`enqueue`, `supersede`); one more gets QUEUE_FULL. `KAR_QUEUED_RUNS_MAX`. @default 100 */
  queuedRunsMax: count.default(100),
  /** Commands that a worker has in hand beside its runs: they wait for a place, or for another run. Beyond, they wait in their partition. `KAR_WAITING_COMMANDS_MAX`. @default 1_000 */
  waitingCommandsMax: count.default(1_000),
  /** How long a run may last before it ends with RUN_TIMEOUT; a command may ask for less. `KAR_RUN_TIMEOUT_MS`. @default 3_600_000 */
  runTimeoutMs: ms.default(3_600_000),
  /** `KAR_PRESENCE_INTERVAL_MS`. @default 1_000 */
  presenceIntervalMs: ms.default(1_000),
  /** How long an agent that was told to stop may take before it is cut off. `KAR_STOP_GRACE_MS`. @default 5_000 */
  stopGraceMs: ms.default(5_000),
  /** How long stop() lets runs go on. `KAR_DRAIN_TIMEOUT_MS`. @default 30_000 */
  drainTimeoutMs: ms.default(30_000),
  /** Kafka session.timeout.ms of the command group: how long its commands wait after a worker died. Short, since a rebalance ends no run; brokers take no less than their group.min.session.timeout.ms, 6 s. `KAR_SESSION_TIMEOUT_MS`. @default 6_000 */
  sessionTimeoutMs: ms.default(6_000),
  /** Events that wait for their acknowledgement before the agent is held back. `KAR_PENDING_EVENTS_MAX`. @default 1_000 */
  pendingEventsMax: count.default(1_000),
}

const runnerShape = {
  /** What a second run of a thread gets. `KAR_ON_CONCURRENT_RUN`. @default 'reject' */
  onConcurrentRun: z.enum(CONCURRENT_RUN_MODES).default('reject'),
  /** How long a run may wait to begin; then it is not begun any more, and ends with COMMAND_EXPIRED. `KAR_COMMAND_TTL_MS`. @default 300_000 */
  commandTtlMs: ms.default(300_000),
  /** How long a run may last, where that is less than its worker's `runTimeoutMs`. `KAR_RUN_TIMEOUT_MS`. @default the worker's */
  runTimeoutMs: ms.optional(),
  /** The pools of agents, by agent id; the others are in none. `KAR_POOLS`, as `agent=pool,…`. @default none */
  pools: pools.default({}),
  /** How long stop() waits to see the run end. `KAR_STOP_TIMEOUT_MS`. @default 15_000 */
  stopTimeoutMs: ms.default(15_000),
  /** Runs of this runner that have not ended. `KAR_RUNS_MAX`. @default 10_000 */
  runsMax: count.default(10_000),
  /** Names of agent headers that travel with a command, in any case. `KAR_FORWARD_HEADERS`, separated by commas. @default none */
  forwardHeaders: list.transform((names) => names.map((name) => name.toLowerCase())).default([]),
}

/** A consumer of `<prefix>.runs`. */
const factConsumerShape = {
  kafka: kafkaSchema,
  schemaRegistry: sharedShape.schemaRegistry,
  prefix: sharedShape.prefix,
  /** Kafka group.id: who shares it shares the work, and its place in the topic is kept under it. */
  groupId: z.string().min(1).max(249),
  /** Where a group without a place begins: with all that the topic holds, or with what comes from then on. @default true */
  fromBeginning: z.boolean().default(true),
  /** Threads whose facts are handled at once; those of one thread come one after the other. @default 10 */
  concurrency: count.max(1_000).default(10),
  /** Calls for one fact before the consumer stops with FACT_UNHANDLED; the pauses between grow from 0.2 to 10 s. @default 5 */
  attemptsMax: count.default(5),
  /** Ends of runs that are not complete yet, over all partitions, in bytes as received; beyond, the consumer stops with RUN_TOO_LARGE. @default 256_000_000 */
  partsBytesMax: count.default(256_000_000),
  /** How long stop() lets what is under way go on. @default 30_000 */
  stopTimeoutMs: ms.default(30_000),
  /** Kafka session.timeout.ms: how long a dead member's partitions wait. @default 10_000 */
  sessionTimeoutMs: ms.default(10_000),
}

const serverShape = {
  /** Address that the server binds to. `HOST`. @default '127.0.0.1' */
  host: z.string().min(1).default('127.0.0.1'),
  /** `PORT`; 0 takes a free one. @default 4000 */
  port: z.coerce.number().int().min(0).max(65_535).default(4000),
}

/** What only the command line and the server that it starts use. */
const commandLineShape = {
  /** Data of the embedded broker, and the file by which a second terminal finds it. `KAR_DATA_DIR`. @default $XDG_DATA_HOME or ~/.local/share, `kafka-agent-runner` in it */
  dataDir: z.string().min(1).optional(),
  /** Where the Kafka jars are kept. `KAR_CACHE_DIR`. @default $XDG_CACHE_HOME or ~/.cache, `kafka-agent-runner/kafka-<version>` in it */
  cacheDir: z.string().min(1).optional(),
  /** Where the tables of `kar analytics` are. `KAR_ANALYTICS_DIR`. @default `analytics/<prefix>` in `dataDir` */
  analyticsDir: z.string().min(1).optional(),
  /** File (`.yaml`, `.yml`) or module (a path or a package) with the agents. `KAR_AGENTS`. @default agents.yaml of the working folder if it is there, else the package's consumers/agents.ts */
  agents: z.string().min(1).optional(),
  /** Worker processes that `kar serve` starts. `KAR_WORKERS`. @default 1 */
  workers: z.coerce.number().int().min(0).max(64).default(1),
  /** Whether `kar serve` keeps a list of all threads, in a file of its data folder. `KAR_VIEW`. @default true */
  view: flag.default(true),
  /** How long `kar serve` and `kar worker` wait for brokers that do not answer yet. `KAR_BROKER_WAIT_MS`. @default 30_000 */
  brokerWaitMs: ms.default(30_000),
  /** Web origins whose pages may use the server, besides those of this machine; `*` is any. `KAR_ALLOWED_ORIGINS`, separated by commas. @default none */
  allowedOrigins: list.default([]),
  /** Errors with their stack. `KAR_DEBUG`. @default false */
  debug: flag.default(false),
}

const SCHEMAS = {
  kafka: kafkaSchema,
  client: z.strictObject(sharedShape),
  registry: z.strictObject({ schemaRegistry: registrySchema, prefix: sharedShape.prefix }),
  worker: z.strictObject({ ...sharedShape, ...workerShape }),
  runner: z.strictObject({ ...sharedShape, ...runnerShape }),
  factConsumer: z.strictObject(factConsumerShape),
  server: z.strictObject(serverShape),
  commandLine: z.strictObject(commandLineShape),
}

export type KafkaOptions = z.output<typeof kafkaSchema>
export type KafkaInput = z.input<typeof kafkaSchema>
export type SchemaRegistryOptions = z.output<typeof registrySchema>
/** What every part needs: the cluster, the topics, the limits of reading and appending. */
export type ClientConfig = z.output<typeof SCHEMAS.client>
export type ClientInput = z.input<typeof SCHEMAS.client>
export type WorkerConfig = z.output<typeof SCHEMAS.worker> & { workerId: string; groupId: string }
export type WorkerInput = z.input<typeof SCHEMAS.worker>
export type RunnerConfig = z.output<typeof SCHEMAS.runner>
export type RunnerInput = z.input<typeof SCHEMAS.runner>
export type FactConsumerConfig = z.output<typeof SCHEMAS.factConsumer>
export type FactConsumerInput = z.input<typeof SCHEMAS.factConsumer>
export type ServerConfig = z.output<typeof SCHEMAS.server>
export type CommandLineConfig = z.output<typeof SCHEMAS.commandLine>

/**
 * Limits that follow from Kafka's own message.max.bytes (1,048,588 by default) and are the same for all.
 * A record larger than that is refused by the broker whatever we say.
 */
export const LIMITS = {
  /** A command's or an event's JSON. */
  recordBytesMax: 1_000_000,
  /** One topic's batch in a produce request. */
  batchBytesMax: 1_020_000,
  requestBytesMax: 8_000_000,
  /** What an agent remembers of a thread, as JSON. */
  memoryBytesMax: 64_000,
  /** A part of a run record. */
  runPartBytesMax: 800_000,
  /** Rejected claims of one command before it is given up. */
  claimAttemptsMax: 10,
  /** Ids of runs, commands and messages that a process's cache of threads holds in all, some 150 bytes each. */
  cachedIdsMax: 100_000,
} as const

const parse = <T>(schema: z.ZodType<T>, input: unknown): T => {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.length > 0 ? path.join('.') : 'options'}: ${message}`,
  )
  throw new RunnerError('CONFIG_INVALID', `Invalid configuration. ${problems.join('; ')}.`)
}

/** @throws RunnerError CONFIG_INVALID, which names the option */
export const clientConfig = (input: ClientInput): ClientConfig => parse(SCHEMAS.client, input)
/** What `kar schemas` needs. */
export const registryConfig = (input: unknown): z.output<typeof SCHEMAS.registry> =>
  parse(SCHEMAS.registry, input)
export const runnerConfig = (input: RunnerInput): RunnerConfig => parse(SCHEMAS.runner, input)
export const factConsumerConfig = (input: FactConsumerInput): FactConsumerConfig =>
  parse(SCHEMAS.factConsumer, input)
export const serverConfig = (input: unknown): ServerConfig => parse(SCHEMAS.server, input)
export const workerConfig = (input: WorkerInput): WorkerConfig => {
  const config = parse(SCHEMAS.worker, input)
  if (config.presenceLimitMs < 2 * config.presenceIntervalMs) {
    throw new RunnerError(
      'CONFIG_INVALID',
      `Invalid configuration. presenceLimitMs (${config.presenceLimitMs}) must be at least twice presenceIntervalMs ` +
        `(${config.presenceIntervalMs}), or one late beat makes a worker lost.`,
    )
  }
  return {
    ...config,
    workerId: config.workerId ?? `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
    groupId: config.groupId ?? workerGroup(config.prefix, config.pool),
  }
}

const screaming = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

const fromEnv = (head: string, names: string[], env: NodeJS.ProcessEnv): Record<string, string> => {
  const values = names.map((name) => [name, env[`${head}${screaming(name)}`]] as const)
  return Object.fromEntries(
    values.filter((pair): pair is readonly [string, string] => (pair[1] ?? '') !== ''),
  )
}

const kafkaFromEnv = (env: NodeJS.ProcessEnv) => {
  const plain = fromEnv(
    'KAFKA_',
    Object.keys(kafkaSchema.shape).filter((name) => name !== 'sasl'),
    env,
  )
  const sasl = fromEnv('KAFKA_SASL_', Object.keys(saslSchema.shape), env)
  return { ...plain, ...(Object.keys(sasl).length > 0 && { sasl }) }
}

const registryFromEnv = (env: NodeJS.ProcessEnv) => {
  const { url } = fromEnv('SCHEMA_REGISTRY_', ['url'], env)
  const auth = fromEnv('SCHEMA_REGISTRY_', Object.keys(registryAuthSchema.shape), env)
  return url === undefined ? undefined : { url, ...(Object.keys(auth).length > 0 && { auth }) }
}

/** Options that are objects, and have variables of their own. */
const OBJECTS = ['kafka', 'schemaRegistry']

/** Every environment variable that means something to this library. */
export const environmentVariables = (): string[] => {
  const own = Object.keys({ ...sharedShape, ...workerShape, ...runnerShape, ...commandLineShape })
  const kafka = Object.keys(kafkaSchema.shape)
  return [
    ...own.filter((name) => !OBJECTS.includes(name)).map((name) => `KAR_${screaming(name)}`),
    ...kafka.filter((name) => name !== 'sasl').map((name) => `KAFKA_${screaming(name)}`),
    ...Object.keys(saslSchema.shape).map((name) => `KAFKA_SASL_${screaming(name)}`),
    ...['url', ...Object.keys(registryAuthSchema.shape)].map((name) => `SCHEMA_REGISTRY_${screaming(name)}`),
    ...Object.keys(serverShape).map(screaming),
  ]
}

/** Variables that start like ours and are not: a misspelt limit must not be ignored in silence. */
const unknownVariables = (env: NodeJS.ProcessEnv): string[] => {
  const known = new Set(environmentVariables())
  return Object.keys(env).filter((name) => name.startsWith('KAR_') && !known.has(name))
}

/**
 * The settings of the command line, from its options and for the rest from the environment.
 * @throws RunnerError CONFIG_INVALID, which names the option
 */
export const commandLineConfig = (
  options: Record<string, unknown>,
  env: NodeJS.ProcessEnv,
): CommandLineConfig =>
  parse(SCHEMAS.commandLine, { ...fromEnv('KAR_', Object.keys(commandLineShape), env), ...options })

/**
 * The options that the environment sets, as an input of `clientConfig` and the others.
 * @throws RunnerError CONFIG_INVALID for a `KAR_` variable that nothing reads
 */
export const optionsFromEnv = (env: NodeJS.ProcessEnv, kind: 'client' | 'worker' | 'runner' | 'registry') => {
  const [unknown] = unknownVariables(env)
  if (unknown !== undefined) {
    throw new RunnerError(
      'CONFIG_INVALID',
      `The environment variable ${unknown} is none of this library's. Check its spelling or remove it; docs/configuration.md lists them.`,
    )
  }
  const names = Object.keys(SCHEMAS[kind].shape).filter((name) => !OBJECTS.includes(name))
  const schemaRegistry = registryFromEnv(env)
  return {
    ...fromEnv('KAR_', names, env),
    ...(schemaRegistry && { schemaRegistry }),
    kafka: kafkaFromEnv(env),
  }
}

/** `HOST` and `PORT`. */
export const serverFromEnv = (env: NodeJS.ProcessEnv) => fromEnv('', Object.keys(serverShape), env)

/** Where the user's caches are. The XDG rules: a relative path is invalid and to be ignored. */
export const cacheHome = ({ XDG_CACHE_HOME: xdg } = process.env): string =>
  xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache')

/** The Java that the user has chosen, if one was. */
export const javaHome = ({ JAVA_HOME: home } = process.env): string | undefined => home || undefined
