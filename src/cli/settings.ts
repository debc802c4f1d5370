import type { Command } from 'commander'
import { commandLineConfig, optionsFromEnv, type RunnerInput, type WorkerInput } from '../config.ts'
import { RunnerError } from '../errors.ts'
import { dataDirOf, tilde } from '../serve/data-dir.ts'
import { findRunningBroker, type RunningBroker } from '../serve/running-broker.ts'
import { KAR } from './terminal.ts'

/** Options of every command that talks to brokers. They win over the environment. */
export interface KafkaFlags {
  brokers?: string
  prefix?: string
  dataDir?: string
}

export const addKafkaFlags = (command: Command): Command =>
  command
    .option(
      '--brokers <host:port,…>',
      'Kafka brokers (KAFKA_BROKERS; else those of a running kar serve or kar broker)',
    )
    .option('--prefix <name>', "start of the topics' names (KAR_PREFIX)")
    .option('--data-dir <folder>', 'data of the embedded broker (KAR_DATA_DIR)')

/** Of `--agents`. */
export const AGENTS_HELP =
  'agents.yaml, or a module with the agents (KAR_AGENTS; else ./agents.yaml, else the demo)'

/** The folder by which the processes of a user find each other. */
export const dataDirFor = ({ dataDir }: KafkaFlags): string =>
  dataDirOf(commandLineConfig({ ...(dataDir !== undefined && { dataDir }) }, process.env), process.env)

/** Brokers that the user named, by an option or by the environment. */
export const namedBrokers = ({ brokers }: KafkaFlags): string[] | undefined =>
  (brokers ?? (process.env.KAFKA_BROKERS || undefined))?.split(',').map((part) => part.trim())

type Found = Pick<RunningBroker, 'brokers' | 'prefix' | 'commandPartitions'>
interface Inputs {
  runner: RunnerInput
  worker: WorkerInput
}

/** Settings from the options, else the environment, else what the running broker's starter uses. */
export const settingsOn = <Kind extends keyof Inputs>(
  kind: Kind,
  flags: KafkaFlags,
  { brokers, prefix, commandPartitions }: Found,
): Inputs[Kind] => {
  const env = optionsFromEnv(process.env, kind)
  return {
    ...(prefix !== undefined && { prefix }),
    ...(commandPartitions !== undefined && { commandPartitions }),
    ...env,
    ...(flags.prefix !== undefined && { prefix: flags.prefix }),
    kafka: { ...env.kafka, brokers },
    // What the environment holds is text; the schemas turn it into what it is to be.
  } as Inputs[Kind]
}

/**
 * Settings for brokers that are there.
 * @throws RunnerError CONFIG_INVALID when none are known
 */
export const settingsFor = async <Kind extends keyof Inputs>(
  kind: Kind,
  flags: KafkaFlags,
): Promise<Inputs[Kind]> => {
  const named = namedBrokers(flags)
  if (named !== undefined) return settingsOn(kind, flags, { brokers: named })
  const dataDir = dataDirFor(flags)
  const running = await findRunningBroker(dataDir)
  if (running !== undefined) return settingsOn(kind, flags, running)
  throw new RunnerError(
    'CONFIG_INVALID',
    `No brokers are known: nothing runs in ${tilde(dataDir)}. Start "${KAR} serve" in another terminal, or name the ` +
      'brokers with KAFKA_BROKERS or --brokers.',
  )
}
