import { type Command, InvalidArgumentError } from 'commander'
import { onSignals } from '../serve/signals.ts'
import type { Outcome } from '../triggers/mapping.ts'
import type { TriggerFile } from '../triggers/trigger-file.ts'
import type { TriggerCounts, Triggers } from '../triggers/triggers.ts'
import type { Tried } from '../triggers/try-triggers.ts'
import { EXIT } from './exit-code.ts'
import { addKafkaFlags, type KafkaFlags, settingsFor } from './settings.ts'
import { note, printable } from './terminal.ts'

interface TriggersFlags extends KafkaFlags {
  config: string
  check?: boolean
  try?: number
  json?: boolean
}

const TRY_MAX = 10_000
const PROGRESS_MS = 10_000

export const addTriggersCommand = (program: Command): void => {
  const command = program
    .command('triggers')
    .description('start runs for the records of any topics')
    .option('--config <file>', 'YAML or JSON with the triggers: docs/triggers.md', 'triggers.yaml')
    .option('--check', 'only check the file and its expressions')
    .option('--try <n>', 'only show what the newest n records of each topic would become', countOf)
    .option('--json', 'what --try shows as JSON, one line each')
    .addHelpText('after', HELP)
    .action(async (flags: TriggersFlags) => {
      const { readTriggerFile } = await import('../triggers/trigger-file.ts')
      const file = await readTriggerFile(flags.config)
      if (flags.check) return await check(file)
      if (flags.try !== undefined) return await tryOut(file, flags.try, flags)
      await run(file, flags)
    })
  addKafkaFlags(command)
}

const countOf = (text: string): number => {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0 && count <= TRY_MAX) return count
  throw new InvalidArgumentError(`It has to be a number from 1 to ${TRY_MAX}.`)
}

const check = async (file: TriggerFile): Promise<void> => {
  const { compileTriggers } = await import('../triggers/trigger.ts')
  for (const { id, topic } of compileTriggers(file)) console.log(`${id}  reads ${topic}`)
}

const tryOut = async (file: TriggerFile, count: number, flags: TriggersFlags): Promise<void> => {
  const settings = await settingsFor('runner', flags)
  const { tryTriggers } = await import('../triggers/try-triggers.ts')
  let shown = 0
  for await (const tried of tryTriggers(settings, file, count)) {
    console.log(flags.json ? JSON.stringify(asJson(tried)) : asText(tried))
    shown += 1
  }
  if (shown === 0) note('The topics hold no records.')
}

const asJson = ({ source, outcome }: Tried): object => {
  const { trigger, what } = outcome
  if (outcome.what === 'command')
    return { source, trigger, what, topic: outcome.write.topic, command: outcome.command }
  if (outcome.what === 'dead-letter')
    return { source, trigger, what, code: outcome.error.code, reason: outcome.error.message }
  return { source, trigger, what }
}

const asText = ({ source, outcome }: Tried): string =>
  printable(`${source}  ${outcome.trigger}  ${meaningOf(outcome)}`).replaceAll('\n', ' ')

const meaningOf = (outcome: Outcome): string => {
  if (outcome.what === 'refused') return 'nothing: the filter refuses it'
  if (outcome.what === 'dead-letter') return `a dead letter: ${outcome.error.message} [${outcome.error.code}]`
  const { agentId, threadId, input } = outcome.command
  return `agent ${agentId}, thread ${JSON.stringify(threadId)}: ${JSON.stringify(input.messages[0]?.content)}`
}

const run = async (file: TriggerFile, flags: TriggersFlags): Promise<void> => {
  const settings = await settingsFor('runner', flags)
  const { createTriggers } = await import('../triggers/triggers.ts')
  const failed = Promise.withResolvers<never>()
  const triggers = createTriggers({ config: settings, file, onError: failed.reject })
  const told = new Promise<void>((resolve) => {
    onSignals(
      () => {
        note('Leaving. What is in hand is finished first; Ctrl-C again cuts it.')
        resolve()
      },
      () => process.exit(EXIT.interrupted),
    )
  })
  const progress = setInterval(reporterOf(triggers), PROGRESS_MS)
  try {
    const started = triggers.start().then(() => 'started' as const)
    if ((await Promise.race([started, told, failed.promise])) === 'started') {
      const topics = [...new Set(file.triggers.map(({ topic }) => topic))].join(', ')
      console.log(`Triggers read ${topics} in group ${triggers.groupId}. Ctrl-C finishes what is in hand.`)
      await Promise.race([told, failed.promise])
    }
  } finally {
    clearInterval(progress)
    await triggers.stop()
  }
  note(sumOf(triggers.counts))
}

/** Says how far it is, where something has happened since the last time. */
const reporterOf = ({ counts }: Triggers): (() => void) => {
  let reported = 0
  return () => {
    if (counts.records === reported) return
    reported = counts.records
    note(sumOf(counts))
  }
}

const sumOf = ({ records, commands, refused, deadLetters }: TriggerCounts): string =>
  `${records} records: ${commands} commands, ${refused} refused by filters, ${deadLetters} dead letters.`

const HELP = `
Each record becomes exactly one run, also after a crash: docs/triggers.md says why, and has the file's fields.
A record of which no command can be made goes to <prefix>.dead-letter.

Examples:
  $ kar triggers --config triggers.yaml --check
  $ kar triggers --config triggers.yaml --try 20
  $ kar triggers --config triggers.yaml --try 1 --json | jq .command
  $ KAFKA_BROKERS=kafka-1:9092,kafka-2:9092 kar triggers`
