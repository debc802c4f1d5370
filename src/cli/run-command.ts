import { randomUUID } from 'node:crypto'
import { text as readAll } from 'node:stream/consumers'
import type { BaseEvent } from '@ag-ui/client'
import { type Command, CommanderError, Option } from 'commander'
import { CONCURRENT_RUN_MODES } from '../config.ts'
import type { AnyEvent } from '../run/event.ts'
import type { RunRequest } from '../runner/contract.ts'
import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'
import { createJsonPrinter, createReadablePrinter } from './event-printer.ts'
import { EXIT, exitCodeFor } from './exit-code.ts'
import { withRunner } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { complaint, KAR, note, quoted } from './terminal.ts'
import { watch } from './watch.ts'

interface RunFlags extends KafkaFlags {
  thread?: string
  agent?: string
  onConcurrentRun?: RunRequest['onConcurrentRun']
  json?: boolean
}

export const addRunCommand = (program: Command): void => {
  const command = program
    .command('run')
    .description('ask an agent something and show what it does')
    .argument('[text...]', 'what to ask; read from standard input when there is none')
    .option('-t, --thread <id>', 'thread to go on with (default: a new one)')
    .option('-a, --agent <id>', 'agent to ask (default: the default one of agents.yaml; else demo)')
    .addOption(
      new Option(
        '--on-concurrent-run <mode>',
        'while the thread has a run: fail, wait for it, or end it (KAR_ON_CONCURRENT_RUN)',
      ).choices(CONCURRENT_RUN_MODES),
    )
    .option('--json', 'one event a line')
    .addHelpText('after', HELP)
    .action(async (words: string[], flags: RunFlags) => {
      const question = words.length > 0 ? words.join(' ') : await fromStdin()
      process.exitCode = await withRunner(flags, (runner) => ask(runner, question, flags))
    })
  addKafkaFlags(command)
}

const fromStdin = async (): Promise<string> => {
  const question = process.stdin.isTTY ? '' : (await readAll(process.stdin)).trim()
  if (question !== '') return question
  console.error(complaint(`There is nothing to ask. For example: ${KAR} run "How does it work?"`))
  throw new CommanderError(EXIT.usage, 'kar.noText', 'nothing to ask')
}

const ask = async (runner: KafkaAgentRunner, question: string, flags: RunFlags): Promise<number> => {
  const threadId = flags.thread ?? `cli-${randomUUID().slice(0, 8)}`
  if (flags.thread === undefined) note(`Thread ${threadId}`)
  const agentId = await chooseAgent(runner, flags.agent)
  const input = await nextInput(runner, threadId, question)
  const { RemoteAgent } = await import('../http/remote-agent.ts')
  const { onConcurrentRun } = flags
  const events = runner.run({ threadId, agent: new RemoteAgent(agentId), input, onConcurrentRun })
  const printer = flags.json ? createJsonPrinter(process.stdout) : createReadablePrinter(process.stdout)
  const watched = await watch(events, printer.print)
  printer.end()
  if (watched.how === 'completed') return exitCodeOfRun(watched.last, threadId)
  note(`\nThe run goes on without being watched. See it: ${KAR} connect ${quoted(threadId)}`)
  note(`Stop it: ${KAR} stop ${quoted(threadId)} --run ${input.runId}`)
  return EXIT.interrupted
}

/** The agent that was named, else one that workers have; says so where nobody has it. */
const chooseAgent = async (runner: KafkaAgentRunner, named: string | undefined): Promise<string> => {
  const workers = (await runner.workers()).filter(({ state }) => state === 'running')
  const agents = [...new Set(workers.flatMap((worker) => worker.agents))]
  const agentId = named ?? agentAmong(agents)
  if (workers.length === 0)
    note(`Waiting for a worker: none is there. Start one in another terminal: ${KAR} worker`)
  else if (!agents.includes(agentId))
    note(`No worker has an agent ${JSON.stringify(agentId)}; there are: ${agents.join(', ') || 'none'}.`)
  return agentId
}

/** Without a default one: the demo, or the only one. */
const agentAmong = (agents: readonly string[]): string => {
  const known = ['default', 'demo'].find((agentId) => agents.includes(agentId))
  if (known !== undefined) return known
  if (agents.length <= 1) return agents[0] ?? 'demo'
  console.error(complaint(`Name one of the agents with --agent: ${agents.join(', ')}.`))
  throw new CommanderError(EXIT.usage, 'kar.noAgent', 'no agent is named')
}

/** Agents know of a thread what a run's input tells them: all messages, and the state. */
const nextInput = async (runner: KafkaAgentRunner, threadId: string, question: string) => {
  const idle = (await runner.status(threadId))?.running === false
  const { threadHistory } = await import('./thread-history.ts')
  // The history of a busy thread would end only with the run that goes on.
  const { messages, state } = idle ? await threadHistory(runner, threadId) : { messages: [], state: {} }
  const message = { id: randomUUID(), role: 'user' as const, content: question }
  return {
    threadId,
    runId: randomUUID(),
    messages: [...messages, message],
    state,
    tools: [],
    context: [],
    forwardedProps: {},
  }
}

const exitCodeOfRun = (last: BaseEvent | undefined, threadId: string): number => {
  const { type, code } = (last ?? { type: 'none' }) as AnyEvent
  if (type === 'RUN_FINISHED') return EXIT.ok
  if (code === 'THREAD_BUSY') {
    note(`See its run: ${KAR} connect ${quoted(threadId)}   Stop it: ${KAR} stop ${quoted(threadId)}`)
  }
  return exitCodeFor(code === undefined ? undefined : String(code))
}

const HELP = `
Ctrl-C stops watching; the run goes on.

Examples:
  $ kar run "How does it work?"
  $ kar run --thread hello --agent demo "And again?"
  $ kar run --thread hello --on-concurrent-run enqueue "And then?"
  $ kar run --thread hello --json "For a program" | jq -r .type
  $ kar run --thread hello < question.txt`
