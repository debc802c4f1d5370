import type { Command } from 'commander'
import type { Difference, TopicRow } from '../topic-report.ts'
import { EXIT } from './exit-code.ts'
import { withReader } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { numberOf, printTable, sizeOf } from './table.ts'
import { note, style } from './terminal.ts'

interface TopicsFlags extends KafkaFlags {
  json?: boolean
}

export const addTopicsCommand = (program: Command): void => {
  const command = program
    .command('topics')
    .description('show the topics with their sizes, and where their settings are not what they should be')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(async (flags: TopicsFlags) => {
      const rows = await withReader(flags, async ({ cluster, config }) => {
        const [{ topicFacts }, { COMPARED_SETTINGS, topicReport }] = await Promise.all([
          import('../kafka/topic-facts.ts'),
          import('../topic-report.ts'),
        ])
        const facts = await topicFacts(cluster, { start: `${config.prefix}.`, settings: COMPARED_SETTINGS })
        return topicReport(facts, config)
      })
      if (flags.json) console.log(JSON.stringify(rows))
      else print(rows)
      process.exitCode = rows.every(({ differences }) => differences.length === 0) ? EXIT.ok : EXIT.failed
    })
  addKafkaFlags(command)
}

const NUMBERS = ['TOPICS', 'PARTITIONS', 'RECORDS', 'SIZE']

const print = (rows: TopicRow[]): void => {
  const table = rows.map(({ name, topics, partitions, records, bytes, differences, known }) => [
    name,
    numberOf(topics),
    numberOf(partitions),
    numberOf(records),
    bytes === undefined ? '?' : sizeOf(bytes),
    differences.length > 0 ? 'differs' : known ? 'as wanted' : 'not known here',
  ])
  printTable(['TOPIC', ...NUMBERS, 'SETTINGS'], table, NUMBERS)
  for (const { name, differences } of rows)
    for (const difference of differences)
      console.log(style('yellow', lineOf(name, difference), process.stdout))
  if (rows.some(({ bytes }) => bytes === undefined))
    note('A broker did not tell sizes: this client may not describe its log directories.')
}

const lineOf = (name: string, { setting, found, wanted, topics }: Difference): string => {
  if (setting === 'topic') return `${name} is missing. A runner or worker creates it when it starts.`
  const how =
    setting === 'partitions'
      ? 'it is compared with KAR_COMMAND_PARTITIONS'
      : 'set it with kafka-configs --alter'
  const many = name.endsWith('*') ? ` (${numberOf(topics)} ${topics === 1 ? 'topic' : 'topics'})` : ''
  return `${name} has ${setting}=${found ?? 'none'}${many}, wanted is ${wanted}: ${how}.`
}

const HELP = `
Records are counted from the first offset that is still there to the end; of compacted topics, and of thread
topics, that is more than the cleaner has left. Sizes are those on the disks of all brokers, each replica counted.
All threads' topics are one line. Changes nothing. Exits with 1 where a topic is missing or a setting differs.

Examples:
  $ kar topics
  $ kar topics --json | jq '.[] | select(.differences != [])'`
