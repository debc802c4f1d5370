import { type Command, InvalidArgumentError } from 'commander'
import { commandLineConfig } from '../config.ts'
import { dataDirOf, tilde } from '../serve/data-dir.ts'
import { onSignals } from '../serve/signals.ts'
import { EXIT } from './exit-code.ts'
import { KAR, note } from './terminal.ts'

interface BrokerFlags {
  dataDir?: string
  port?: number
  nodes?: number
}

export const addBrokerCommand = (program: Command): void => {
  program
    .command('broker')
    .description('run a real Apache Kafka on this machine, for other commands and programs')
    .option('--data-dir <folder>', 'where its data is kept (KAR_DATA_DIR)')
    .option('--port <port>', 'port of the first node (default: as before, else a free one)', wholeNumber)
    .option(
      '--nodes <n>',
      '1, or 3 for a cluster that survives the loss of one (default: as before, else 1)',
      wholeNumber,
    )
    .addHelpText('after', HELP)
    .action(run)
}

const run = async ({ dataDir: folder, port, nodes }: BrokerFlags): Promise<void> => {
  const config = commandLineConfig({ ...(folder !== undefined && { dataDir: folder }) }, process.env)
  const dataDir = dataDirOf(config, process.env)
  const told = Promise.withResolvers<void>()
  onSignals(
    () => told.resolve(),
    () => process.exit(EXIT.interrupted),
  )
  const { startEmbedded } = await import('../serve/cluster.ts')
  const { cacheDir } = config
  const cluster = await startEmbedded({ dataDir, cacheDir, port, nodes, onProgress: note })
  console.log(`Apache Kafka at ${cluster.brokers.join(',')}, data in ${tilde(dataDir)}`)
  console.log(`Other commands find it there; other programs take KAFKA_BROKERS=${cluster.brokers.join(',')}`)
  note(`Next, in another terminal: ${KAR} serve. Ctrl-C stops it.`)
  await told.promise
  note('Stopping.')
  await cluster.stop()
}

const wholeNumber = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

const HELP = `
Examples:
  $ kar broker
  $ kar broker --nodes 3 --data-dir ./kafka-data --port 9092`
