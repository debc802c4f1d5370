/** An ingest that writes a file every few rows, to be killed: node ingest-process.ts <brokers> <prefix> <folder>. */
import { createIngest } from '../../src/analytics/ingest.ts'
import { clientConfig } from '../../src/config.ts'
import { stderrLogger } from '../../src/logger.ts'

const [brokers, prefix, folder] = process.argv.slice(2)
const config = clientConfig({ kafka: { brokers: brokers!.split(',') }, prefix, commandPartitions: 3 })
const ingest = createIngest({
  config,
  folder: folder!,
  flushRows: 300,
  flushIntervalMs: 50,
  logger: stderrLogger,
})
await ingest.start()
process.stdout.write('reading\n')
await ingest.ended
