import { isUtf8 } from 'node:buffer'
import { type Command, InvalidArgumentError } from 'commander'
import type { DeadLetter } from '../dead-letter/dead-letter.ts'
import { addDeadLetterRetryCommand } from './dead-letter-retry-command.ts'
import { EXIT } from './exit-code.ts'
import { hexDump } from './hex-dump.ts'
import { withReader } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { numberOf, printTable, sizeOf, timeOf } from './table.ts'
import { note, printable } from './terminal.ts'

interface ListFlags extends KafkaFlags {
  limit: number
  json?: boolean
}

interface ShowFlags extends KafkaFlags {
  json?: boolean
}

export const addDeadLetterCommand = (program: Command): void => {
  const letters = program
    .command('dead-letter')
    .description('list the records that could not be dealt with, show one, try again')
    .helpCommand(false)
    .addHelpText('after', HELP)
  addList(letters)
  addShow(letters)
  addDeadLetterRetryCommand(letters)
}

const addList = (letters: Command): void => {
  const command = letters
    .command('ls')
    .description('list the dead letters, the latest last')
    .option('--limit <count>', 'the latest ones, this many at most', wholeNumber, 100)
    .option('--json', 'one a line, as JSON')
    .addHelpText('after', LIST_HELP)
    .action(async (flags: ListFlags) => {
      const { latest, total } = await withReader(flags, async (reader) => {
        const { deadLetters } = await import('../dead-letter/dead-letter.ts')
        return latestOf(deadLetters(reader), flags.limit)
      })
      if (flags.json) for (const letter of latest) console.log(JSON.stringify(letter))
      else if (latest.length > 0) printList(latest)
      if (total === 0) note('There are no dead letters.')
      if (total > latest.length)
        note(`${numberOf(total - latest.length)} older ones: --limit ${total} shows all.`)
    })
  addKafkaFlags(command)
}

type Listed = Omit<DeadLetter, 'value' | 'headers'> & { bytes: number }

/** Without their values, which may be large. */
const latestOf = async (letters: AsyncIterable<DeadLetter>, limit: number) => {
  const latest: Listed[] = []
  let total = 0
  for await (const { value, headers: _headers, ...letter } of letters) {
    total += 1
    latest.push({ ...letter, bytes: value?.length ?? 0 })
    if (latest.length > limit) latest.shift()
  }
  return { latest, total }
}

const printList = (letters: Listed[]): void => {
  const rows = letters.map(({ offset, time, code, source, key, bytes, reason }) => [
    String(offset),
    timeOf(time),
    code,
    source,
    shortened(key, 40),
    sizeOf(bytes),
    shortened(reason, 80),
  ])
  printTable(['NUMBER', 'TIME', 'CODE', 'SOURCE', 'KEY', 'SIZE', 'REASON'], rows, ['NUMBER', 'SIZE'])
}

/** On one line. */
const shortened = (text: string, max: number): string => {
  const line = text.replace(/\s+/g, ' ')
  return line.length > max ? `${line.slice(0, max - 1)}…` : line
}

const addShow = (letters: Command): void => {
  const command = letters
    .command('show')
    .description('show a dead letter whole')
    .argument('<number>', 'its number, as ls has it: its offset', wholeNumber)
    .option('--json', 'as JSON; a value that is no UTF-8 as valueBase64')
    .addHelpText('after', SHOW_HELP)
    .action(async (offset: number, flags: ShowFlags) => {
      const letter = await withReader(flags, async (reader) => {
        const { deadLetterAt } = await import('../dead-letter/dead-letter.ts')
        return deadLetterAt(reader, offset)
      })
      if (letter === undefined) note(`There is no dead letter ${offset}.`)
      else if (flags.json) console.log(JSON.stringify(jsonOf(letter)))
      else printLetter(letter)
      process.exitCode = letter === undefined ? EXIT.failed : EXIT.ok
    })
  addKafkaFlags(command)
}

const jsonOf = ({ value, ...letter }: DeadLetter) => ({
  ...letter,
  ...(value === null || isUtf8(value)
    ? { value: value?.toString('utf8') ?? null }
    : { valueBase64: value.toString('base64') }),
})

/** Of a value that is no text. */
const DUMPED_BYTES_MAX = 4_096

const printLetter = ({ offset, time, code, reason, source, key, headers, value }: DeadLetter): void => {
  const fields = { number: offset, time: timeOf(time), code, reason, source, key }
  for (const [name, field] of Object.entries(fields)) console.log(printable(`${name.padEnd(10)}${field}`))
  for (const [name, header] of Object.entries(headers)) console.log(printable(`header    ${name}: ${header}`))
  console.log(`value     ${value === null ? 'none' : sizeOf(value.length)}`)
  if (value === null) return
  if (isUtf8(value)) console.log(printable(`\n${value.toString('utf8')}`))
  else {
    console.log(`\n${hexDump(value.subarray(0, DUMPED_BYTES_MAX))}`)
    if (value.length > DUMPED_BYTES_MAX)
      note(`${numberOf(value.length - DUMPED_BYTES_MAX)} bytes more: --json has them all.`)
  }
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number.')
}

const HELP = `
Examples:
  $ kar dead-letter ls
  $ kar dead-letter show 4
  $ kar dead-letter retry 4 --as-new`

const LIST_HELP = `
Examples:
  $ kar dead-letter ls
  $ kar dead-letter ls --limit 1000 --json | jq -r .code | sort | uniq -c`

const SHOW_HELP = `
A value that is no UTF-8 is shown in hexadecimal. Exits with 1 when there is no such dead letter.

Examples:
  $ kar dead-letter show 4
  $ kar dead-letter show 4 --json | jq -r .value`
