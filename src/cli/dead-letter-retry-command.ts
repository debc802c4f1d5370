import { type Command, CommanderError, InvalidArgumentError } from 'commander'
import type { DeadLetter } from '../dead-letter/dead-letter.ts'
import { messageOf } from '../errors.ts'
import type { SharedProducer } from '../kafka/producer.ts'
import type { Reader } from '../reader.ts'
import { onSignals } from '../serve/signals.ts'
import { confirmed } from './confirm.ts'
import { EXIT } from './exit-code.ts'
import { withReader } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { numberOf } from './table.ts'
import { complaint, note } from './terminal.ts'

interface RetryFlags extends KafkaFlags {
  all?: boolean
  asNew?: boolean
  to?: string
  yes?: boolean
  json?: boolean
}

export const addDeadLetterRetryCommand = (letters: Command): void => {
  const command = letters
    .command('retry')
    .description('write a dead letter, or all of them, back to where it came from')
    .argument('[number]', 'its number, as ls has it: its offset', (text) => {
      if (/^\d{1,15}$/.test(text)) return Number(text)
      throw new InvalidArgumentError('It is a whole number.')
    })
    .option('--all', 'every dead letter that there is now')
    .option('--as-new', 'as a new run command, with an id and a time of its own')
    .option(
      '--to <topic>',
      'topic to write to (default: its source, if that is a commands topic of this prefix)',
    )
    .option('-y, --yes', 'do not ask')
    .option('--json', 'one a line of what was done, as JSON')
    .addHelpText('after', HELP)
    .action(async (offset: number | undefined, flags: RetryFlags) => {
      if ((offset === undefined) === (flags.all !== true))
        throw usage('Name a dead letter by its number, or all of them with --all.')
      process.exitCode = await withReader(flags, (reader) => retry(reader, offset, flags))
    })
  addKafkaFlags(command)
}

const usage = (message: string): CommanderError => {
  console.error(complaint(message))
  return new CommanderError(EXIT.usage, 'kar.retry', message)
}

const retry = async (reader: Reader, offset: number | undefined, flags: RetryFlags): Promise<number> => {
  const plan = await planOf(reader, offset, flags)
  if (plan.letters === 0) {
    note(offset === undefined ? 'There are no dead letters.' : `There is no dead letter ${offset}.`)
    return offset === undefined ? EXIT.ok : EXIT.failed
  }
  for (const topic of plan.targets.keys()) {
    if ((await reader.cluster.locate(topic)) === undefined)
      throw usage(`There is no topic ${JSON.stringify(topic)} to write to.`)
  }
  if (plan.homeless > 0)
    note(
      `${numberOf(plan.homeless)} did not come from a commands topic of prefix "${reader.config.prefix}", and ` +
        'are left alone. Name a topic for them with --to, if you know what reads it.',
    )
  if (plan.targets.size === 0) return EXIT.failed
  const what = [...plan.targets].map(([topic, count]) => `${numberOf(count)} to ${topic}`).join(', ')
  const question = `Write ${what}${flags.asNew ? ', as new commands' : ''}?`
  if (!(await confirmed(question, flags.yes))) {
    note('Nothing was written.')
    return EXIT.failed
  }
  return writeAll(reader, offset, plan, flags)
}

interface Plan {
  letters: number
  /** Letters by topic. */
  targets: Map<string, number>
  /** Those that have nowhere to go. */
  homeless: number
  /** The last one: those that come meanwhile, from this very retry perhaps, are left for another time. */
  last: number
}

const planOf = async (reader: Reader, offset: number | undefined, { to }: RetryFlags): Promise<Plan> => {
  const { targetOf } = await import('../dead-letter/retry.ts')
  const plan: Plan = { letters: 0, targets: new Map(), homeless: 0, last: -1 }
  for await (const letter of chosen(reader, offset)) {
    const topic = targetOf(letter, reader.topics, to)
    plan.letters += 1
    plan.last = letter.offset
    if (topic === undefined) plan.homeless += 1
    else plan.targets.set(topic, (plan.targets.get(topic) ?? 0) + 1)
  }
  return plan
}

async function* chosen(reader: Reader, offset: number | undefined): AsyncGenerator<DeadLetter> {
  const { deadLetters } = await import('../dead-letter/dead-letter.ts')
  for await (const letter of deadLetters(reader, offset)) {
    if (offset !== undefined && letter.offset !== offset) return
    yield letter
    if (offset !== undefined) return
  }
}

/** Each once and one after the other, so that who ends it knows which were written. */
const writeAll = async (
  reader: Reader,
  offset: number | undefined,
  { last }: Plan,
  flags: RetryFlags,
): Promise<number> => {
  const { createProducer } = await import('../kafka/producer.ts')
  const producer = createProducer(reader.config.kafka, { acks: -1 })
  let stopped = false
  const release = onSignals(
    () => {
      stopped = true
    },
    () => process.exit(EXIT.interrupted),
  )
  const count = { written: 0, left: 0, answered: 0 }
  try {
    if (flags.asNew) await reader.format.start()
    for await (const letter of chosen(reader, offset)) {
      if (stopped || letter.offset > last) break
      const outcome = await write(reader, producer, letter, flags)
      count[outcome === undefined ? 'written' : 'left'] += 1
      if (ANSWERED.includes(letter.code) && !flags.asNew) count.answered += 1
      if (flags.json)
        console.log(JSON.stringify({ offset: letter.offset, written: outcome === undefined, outcome }))
      else if (outcome !== undefined) note(`Dead letter ${letter.offset} was left alone: ${outcome}`)
    }
  } finally {
    release()
    await producer.close()
  }
  note(
    `Wrote ${numberOf(count.written)}${stopped ? ', then was ended' : ''}. They stay among the dead letters too.`,
  )
  if (count.answered > 0)
    note(
      `${numberOf(count.answered)} were answered by a rejection when they were given up, and get the same answer ` +
        'again. With --as-new they are executed.',
    )
  if (stopped) return EXIT.interrupted
  return count.left === 0 ? EXIT.ok : EXIT.failed
}

/** Codes of commands whose caller was told, in the thread's log, that no run comes. */
const ANSWERED = ['UNKNOWN_AGENT', 'COMMAND_UNANSWERED']

/** Why it was left alone; undefined when it was written. */
const write = async (
  reader: Reader,
  producer: SharedProducer,
  letter: DeadLetter,
  { asNew, to }: RetryFlags,
): Promise<string | undefined> => {
  const [{ asNewCommand, asReceived, targetOf }, { machine }] = await Promise.all([
    import('../dead-letter/retry.ts'),
    import('../system.ts'),
  ])
  const topic = targetOf(letter, reader.topics, to)
  if (topic === undefined) return 'it did not come from a commands topic'
  if (!asNew) {
    await producer.send(asReceived(letter, topic))
    return undefined
  }
  let record: Awaited<ReturnType<typeof asNewCommand>>
  try {
    record = await asNewCommand(letter, topic, { format: reader.format, system: machine })
  } catch (error) {
    return messageOf(error)
  }
  await producer.send(record)
  return undefined
}

const HELP = `
Writes key, value and headers as they were received, once at each call; the dead letter stays where it is. That helps
where the record was not at fault: a worker without its schema registry, say. A command that was answered by a
rejection (UNKNOWN_AGENT, COMMAND_UNANSWERED), or whose time to live is over, is not executed under its old id and time:
--as-new gives it others. Exits with 1 where one was left alone.

Examples:
  $ kar dead-letter retry 4
  $ kar dead-letter retry 4 --as-new --yes
  $ kar dead-letter retry --all --yes
  $ kar dead-letter retry 7 --to orders.created`
