import type { Command } from 'commander'
import type { RunnerError } from '../errors.ts'
import { addKafkaFlags, type KafkaFlags, settingsFor } from './settings.ts'
import { note } from './terminal.ts'

interface WebhooksFlags extends KafkaFlags {
  config: string
  check?: boolean
}

export const addWebhooksCommand = (program: Command): void => {
  const command = program
    .command('webhooks')
    .description('post what happens to runs to HTTP endpoints, signed')
    .option('--config <file>', 'YAML or JSON with the endpoints: docs/webhooks.md', 'webhooks.yaml')
    .option('--check', 'only check the file')
    .addHelpText('after', HELP)
    .action(run)
  addKafkaFlags(command)
}

const run = async ({ config: path, check, ...flags }: WebhooksFlags): Promise<void> => {
  // Loaded here: half a second that --help need not take.
  const { readWebhookFile } = await import('../webhooks/webhook-file.ts')
  const file = await readWebhookFile(path, process.env)
  // No more of an address than its origin: what follows may be secret.
  const names = file.endpoints.map(({ id, url }) => `${id} (${new URL(url).origin})`).join(', ')
  if (check) return console.log(`${path} is right. Endpoints: ${names}`)
  const { kafka, prefix, schemaRegistry } = await settingsFor('runner', flags)
  const [{ createWebhooks }, { onSignals }] = await Promise.all([
    import('../webhooks/webhooks.ts'),
    import('../serve/signals.ts'),
  ])
  const webhooks = createWebhooks({ file, connection: { kafka, prefix, schemaRegistry } })
  let stopping = false
  const off = onSignals(
    () => {
      stopping = true
      note('Finishing what is in flight; Ctrl-C again cuts it, and it is posted again at the next start.')
      void webhooks.stop()
    },
    () => process.exit(130),
  )
  try {
    await Promise.race([webhooks.start(), webhooks.done])
    if (!stopping) console.log(`Posting to ${names}. Ctrl-C finishes what is in flight.`)
    await webhooks.done
  } catch (error) {
    // Told to end before it had begun, it has nothing to complain of.
    if (!(stopping && (error as RunnerError).code === 'RUNNER_CLOSED')) throw error
  } finally {
    await webhooks.stop()
    off()
  }
}

const HELP = `
The file names the endpoints; \${NAME} in it is an environment variable:
  endpoints:
    - id: orders
      url: https://orders.example.com/hooks/agents
      secret: \${ORDERS_WEBHOOK_SECRET}
      facts: [finished, failed]

A secret is "whsec_" and the base64 of 24 to 64 random bytes:
  $ echo "whsec_$(openssl rand -base64 32)"

Examples:
  $ kar webhooks --config webhooks.yaml
  $ kar webhooks --config webhooks.yaml --check
  $ KAFKA_BROKERS=kafka-1:9092,kafka-2:9092 kar webhooks`
