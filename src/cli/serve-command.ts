import type { Command } from 'commander'
import {
  commandLineConfig,
  type RunnerConfig,
  runnerConfig,
  serverConfig,
  serverFromEnv,
  workerConfig,
} from '../config.ts'
import { agentsSource } from '../serve/agents-source.ts'
import { dataDirOf } from '../serve/data-dir.ts'
import type { ServeOptions } from '../serve/serve.ts'
import { onSignals } from '../serve/signals.ts'
import { EXIT } from './exit-code.ts'
import { welcome } from './serve-welcome.ts'
import { AGENTS_HELP, addKafkaFlags, type KafkaFlags, namedBrokers, settingsOn } from './settings.ts'
import { note } from './terminal.ts'

interface ServeFlags extends KafkaFlags {
  host?: string
  port?: string
  workers?: string
  agents?: string
}

export const addServeCommand = (program: Command): void => {
  const command = program
    .command('serve')
    .description('start it all: broker (unless one is named), workers and the HTTP server')
    .option('-p, --port <port>', 'port of the HTTP server (PORT; default: 4000)')
    .option('--host <address>', 'address that it binds to (HOST; default: 127.0.0.1)')
    .option('--workers <n>', 'worker processes to start (KAR_WORKERS; default: 1)')
    .option('--agents <file>', AGENTS_HELP)
    .addHelpText('after', HELP)
    .action(run)
  addKafkaFlags(command)
}

const run = async (flags: ServeFlags): Promise<void> => {
  const options = serveOptions(flags)
  const { createServer } = await import('../serve/serve.ts')
  const server = createServer(options)
  const told = Promise.withResolvers<'told'>()
  const release = onSignals(
    () => told.resolve('told'),
    () => {
      server.kill()
      process.exit(EXIT.interrupted)
    },
  )
  try {
    note('Starting …')
    const served = await server.start()
    console.log(welcome(served, options))
    await told.promise
    note(
      `\nStopping: no new requests; runs may end, for ${options.drainTimeoutMs / 1000} s at most. Ctrl-C again ends at once.`,
    )
  } finally {
    await server.stop()
    release()
  }
  note('Stopped.')
}

/** Before it is known where they are: all other settings are checked before anything is started. */
const NOT_YET = ['localhost:0']

const serveOptions = (flags: ServeFlags): ServeOptions => {
  const { host, port, workers, agents, dataDir } = flags
  const given = (options: Record<string, string | undefined>) =>
    Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const commandLine = commandLineConfig(given({ workers, agents, dataDir }), process.env)
  const named = namedBrokers(flags)
  const found = { brokers: named ?? NOT_YET }
  return {
    server: serverConfig({ ...serverFromEnv(process.env), ...given({ host, port }) }),
    commandLine,
    dataDir: dataDirOf(commandLine, process.env),
    named,
    runnerConfig: (cluster) =>
      runnerConfig(
        settingsOn('runner', flags, { ...cluster?.running, brokers: cluster?.brokers ?? found.brokers }),
      ),
    workerEnv: (config, index) =>
      workerEnv(config, index, agentsSource(commandLine.agents), commandLine.workers),
    drainTimeoutMs: workerConfig(settingsOn('worker', flags, found)).drainTimeoutMs,
    env: process.env,
    onProgress: note,
  }
}

/** What the workers share with the server; all else they read from the environment themselves. */
const workerEnv = (
  { kafka, prefix, commandPartitions }: RunnerConfig,
  index: number,
  agents: string | undefined,
  workers: number,
): NodeJS.ProcessEnv => {
  const { KAR_WORKER_ID: workerId, ...env } = process.env
  return {
    ...env,
    KAFKA_BROKERS: kafka.brokers.join(','),
    KAR_PREFIX: prefix,
    KAR_COMMAND_PARTITIONS: String(commandPartitions),
    ...(agents !== undefined && { KAR_AGENTS: agents }),
    ...(workerId && { KAR_WORKER_ID: workers === 1 ? workerId : `${workerId}-${index}` }),
  }
}

const HELP = `
Brokers: those of --brokers or KAFKA_BROKERS; else one that already runs in the data folder; else one of its own,
whose threads are still there after a restart of everything.

Examples:
  $ kar serve
  $ kar serve --port 8080 --workers 2 --agents ./agents.ts
  $ kar init && kar serve
  $ KAFKA_BROKERS=kafka-1:9092,kafka-2:9092 kar serve --workers 0`
