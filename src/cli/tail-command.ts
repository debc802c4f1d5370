import { type Command, CommanderError } from 'commander'
import { RunnerError } from '../errors.ts'
import type { RunFact } from '../fan-in/run-fact.ts'
import type { Reader } from '../reader.ts'
import type { AnyEvent } from '../run/event.ts'
import { toBaseEvent } from '../run/event.ts'
import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'
import { onSignals } from '../serve/signals.ts'
import type { RunName } from '../threads/run-tail.ts'
import { createReadablePrinter, type EventPrinter } from './event-printer.ts'
import { EXIT } from './exit-code.ts'
import { LineWriter } from './line-writer.ts'
import { withReader, withRunner } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { complaint, KAR, note, printable, quoted, style } from './terminal.ts'

interface TailFlags extends KafkaFlags {
  all?: boolean
  agent?: string
  json?: boolean
}

export const addTailCommand = (program: Command): void => {
  const command = program
    .command('tail')
    .description('follow the runs of every thread, from now on')
    .argument('[thread]', 'one thread is followed by kar connect --follow')
    .option('--all', 'every thread')
    .option('-a, --agent <id>', 'only runs of this agent')
    .option('--json', 'one event or fact a line')
    .addHelpText('after', HELP)
    .action(async (threadId: string | undefined, flags: TailFlags) => {
      if (threadId !== undefined)
        throw usage(`Follow one thread with ${KAR} connect ${quoted(threadId)} --follow`)
      if (!flags.all) throw usage('Say --all to follow every thread.')
      process.exitCode = await withRunner(flags, (runner) =>
        withReader(flags, (reader) => tail(runner, reader, flags)),
      )
    })
  addKafkaFlags(command)
}

const usage = (message: string): CommanderError => {
  console.error(complaint(message))
  return new CommanderError(EXIT.usage, 'kar.tail', message)
}

const tail = async (runner: KafkaAgentRunner, reader: Reader, flags: TailFlags): Promise<number> => {
  const [{ createTopicReader }, { endsOf }, { decodeFact }, { createRunTail }] = await Promise.all([
    import('../kafka/topic-reader.ts'),
    import('../kafka/topic-facts.ts'),
    import('../fan-in/decode-fact.ts'),
    import('../threads/run-tail.ts'),
  ])
  const { config, cluster, topics, format } = reader
  const topic = topics.runs.name
  const runs = createRunTail({ runner, ...(flags.json ? jsonOutput() : readableOutput()), onNote: note })
  const ended = Promise.withResolvers<number>()
  // It may be rejected before anybody waits for it.
  ended.promise.catch(() => {})
  const facts = createTopicReader(config.kafka, {
    topic,
    from: await endsOf(cluster, topic),
    readTimeoutMs: config.readTimeoutMs,
    onBatch: async ({ records }) => {
      for (const record of records) {
        const fact = await decodeFact(format, record).catch(undecodable)
        if (fact !== undefined && (flags.agent ?? fact.agentId) === fact.agentId) runs.take(fact)
      }
    },
    onError: ended.reject,
  })
  const release = onSignals(
    () => ended.resolve(EXIT.ok),
    () => process.exit(EXIT.interrupted),
  )
  try {
    await facts.start()
    note('Following every thread from now on. Ctrl-C ends it.')
    return await ended.promise
  } finally {
    release()
    runs.stop()
    await facts.stop()
  }
}

/** A bad record is passed over, and said. */
const undecodable = (error: unknown): undefined => {
  if (!(error instanceof RunnerError) || error.code !== 'FACT_UNDECODABLE') throw error
  note(error.message)
}

const jsonOutput = () => ({
  onFact: ({ events: _events, ...fact }: RunFact) => {
    process.stdout.write(`${JSON.stringify(fact)}\n`)
  },
  onEvent: ({ threadId, runId, agentId }: RunName, event: AnyEvent) => {
    process.stdout.write(`${JSON.stringify({ threadId, runId, agentId, event })}\n`)
  },
})

const LABEL_WIDTH = 20

/** Each line with its thread: runs take turns. */
const readableOutput = () => {
  const printers = new Map<string, EventPrinter>()
  const keyOf = ({ threadId, runId }: RunName) => JSON.stringify([threadId, runId])
  const labelOf = (threadId: string) => {
    const text = printable(threadId).replace(/\s/g, ' ')
    const short = text.length > LABEL_WIDTH ? `${text.slice(0, LABEL_WIDTH - 1)}…` : text.padEnd(LABEL_WIDTH)
    return `${style('magenta', short, process.stdout)} │ `
  }
  const printerOf = (run: RunName): EventPrinter => {
    const known = printers.get(keyOf(run))
    if (known !== undefined) return known
    const writer = new LineWriter(process.stdout, labelOf(run.threadId), LABEL_WIDTH + 3)
    const printer = createReadablePrinter(writer as unknown as NodeJS.WriteStream)
    printers.set(keyOf(run), printer)
    return printer
  }
  return {
    onFact: (fact: RunFact, shown: boolean) => {
      const isNews = fact.fact !== 'accepted' && fact.fact !== 'started'
      if (isNews) {
        printers.get(keyOf(fact))?.end()
        printers.delete(keyOf(fact))
      }
      if (!isNews || shown) return
      const { fact: what, code, message } = fact
      const why = message === undefined ? '' : `: ${message}${code === undefined ? '' : ` [${code}]`}`
      console.log(
        `${labelOf(fact.threadId)}${printable(`${what} run ${fact.runId}${why}`.replace(/\s+/g, ' '))}`,
      )
    },
    onEvent: (run: RunName, event: AnyEvent) => printerOf(run).print(toBaseEvent(event)),
  }
}

const HELP = `
Runs that begin from now on are shown live, 32 at once; of the others, and of those that had begun before, it shows all
when they end. Each line begins with its thread, and comes when it is whole. --json gives events as
{threadId, runId, agentId, event}, and the facts of the runs topic (accepted, started, finished, …) without their events.
Ctrl-C ends it.

Examples:
  $ kar tail --all
  $ kar tail --all --agent support
  $ kar tail --all --json | jq -r 'select(.fact == "failed") | .threadId'`
