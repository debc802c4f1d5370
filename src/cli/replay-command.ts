import { type Command, InvalidArgumentError } from 'commander'
import { toBaseEvent } from '../run/event.ts'
import { onSignals } from '../serve/signals.ts'
import type { ThreadEvent } from '../threads/thread-runs.ts'
import { createReadablePrinter } from './event-printer.ts'
import { EXIT } from './exit-code.ts'
import { withReader } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { durationOf } from './table.ts'
import { drained, KAR, note, quoted, style } from './terminal.ts'

interface ReplayFlags extends KafkaFlags {
  speed: number
  from?: number
  until?: number
  json?: boolean
}

export const addReplayCommand = (program: Command): void => {
  const command = program
    .command('replay')
    .description('play a thread again, with the timing that it had')
    .argument('<thread>', 'thread id')
    .option('--speed <factor>', 'how fast: 1x, 10x, 0.5x, or max for no pauses', speed, 1)
    .option('--from <seq>', 'begin with this event', seq)
    .option('--until <seq>', 'end with this event', seq)
    .option('--json', 'one event a line, with its seq, time and run')
    .addHelpText('after', HELP)
    .action(async (threadId: string, flags: ReplayFlags) => {
      process.exitCode = await withReader(flags, async (reader) => {
        const { readThread } = await import('../threads/thread-runs.ts')
        const thread = await readThread(reader, threadId, (flags.from ?? 1) - 1)
        if (thread !== undefined) return replay(threadId, thread, flags)
        note(`There is no thread ${JSON.stringify(threadId)}.`)
        return EXIT.failed
      })
    })
  addKafkaFlags(command)
}

type Thread = NonNullable<Awaited<ReturnType<typeof import('../threads/thread-runs.ts').readThread>>>

const replay = async (threadId: string, { runs, state }: Thread, flags: ReplayFlags): Promise<number> => {
  const [{ play }, { eventsOf }, { machine }] = await Promise.all([
    import('../threads/playback.ts'),
    import('../threads/thread-runs.ts'),
    import('../system.ts'),
  ])
  const stopping = new AbortController()
  const release = onSignals(
    () => stopping.abort(),
    () => process.exit(EXIT.interrupted),
  )
  const { speed } = flags
  const untimed = runs.some(({ events, times }) => times.length !== events.length)
  if (untimed && speed !== Number.POSITIVE_INFINITY)
    note('Some runs were recorded without times: they are played without pauses.')
  const printer = flags.json ? jsonPrinter() : readablePrinter()
  try {
    const last = await play(between(eventsOf(runs), flags), {
      speed,
      clock: machine,
      signal: stopping.signal,
      onEvent: async (event) => {
        printer.print(event)
        await drained(process.stdout)
      },
      onIdle: printer.idle,
    })
    printer.end()
    if (stopping.signal.aborted) {
      const next = last === undefined ? (flags.from ?? 1) : last.seq + 1
      note(`Go on from there: ${KAR} replay ${quoted(threadId)} --from ${next}`)
      return EXIT.interrupted
    }
    if (flags.until === undefined && state.latest?.terminal === undefined)
      note(`Its last run goes on: ${KAR} connect ${quoted(threadId)}`)
    return EXIT.ok
  } finally {
    release()
  }
}

function* between(events: Iterable<ThreadEvent>, { from = 1, until }: ReplayFlags): Generator<ThreadEvent> {
  for (const event of events) {
    if (until !== undefined && event.seq > until) return
    if (event.seq >= from) yield event
  }
}

const readablePrinter = () => {
  const printer = createReadablePrinter(process.stdout)
  return {
    print: ({ event }: ThreadEvent) => printer.print(toBaseEvent(event)),
    idle: (ms: number) => {
      printer.end()
      process.stdout.write(`\n${style('dim', `… ${durationOf(ms)} later`, process.stdout)}\n`)
    },
    end: printer.end,
  }
}

const jsonPrinter = () => ({
  print: ({ seq, time, runId, agentId, event }: ThreadEvent) => {
    process.stdout.write(`${JSON.stringify({ seq, time, runId, agentId, event })}\n`)
  },
  idle: () => {},
  end: () => {},
})

const speed = (text: string): number => {
  if (text === 'max') return Number.POSITIVE_INFINITY
  const factor = Number(/^(\d+(?:\.\d+)?)x?$/.exec(text)?.[1])
  if (factor > 0) return factor
  throw new InvalidArgumentError('It is a factor such as 1x, 10x or 0.5x, or max.')
}

const seq = (text: string): number => {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is the number of an event, 1 or more.')
}

const HELP = `
Deltas that were joined when the run was compacted are played as they came. Between two runs it waits for one second
of the thread's time at most, and says how long it was. A run that goes on is played up to now. Runs whose records have
no times, as old ones, are played without pauses. Ctrl-C ends it and says how to go on.

Examples:
  $ kar replay hello
  $ kar replay hello --speed 10x
  $ kar replay hello --from 20 --until 57 --speed max
  $ kar replay hello --speed max --json | jq -c '[.seq, .time, .event.type]'`
