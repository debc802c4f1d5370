import type { Command } from 'commander'
import type { Beat } from '../presence/beat.ts'
import { withoutWorker } from '../runner/pool-status.ts'
import type { ThreadStatus } from '../runner/thread-status.ts'
import { EXIT } from './exit-code.ts'
import { withRunner } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { printTable, timeOf } from './table.ts'
import { KAR, note } from './terminal.ts'

export interface StatusFlags extends KafkaFlags {
  json?: boolean
}

export const addStatusCommand = (program: Command): void => {
  const command = program
    .command('status')
    .description("show a thread's runs, or the workers that are there")
    .argument('[thread]', 'thread id')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(async (threadId: string | undefined, flags: StatusFlags) => {
      process.exitCode = threadId === undefined ? await showWorkers(flags) : await showThread(threadId, flags)
    })
  addKafkaFlags(command)
}

const showThread = async (threadId: string, flags: StatusFlags): Promise<number> => {
  const status = await withRunner(flags, (runner) => runner.status(threadId))
  if (flags.json) console.log(JSON.stringify(status ?? null))
  else if (status !== undefined) printThread(status)
  if (status === undefined) note(`There is no thread ${JSON.stringify(threadId)}.`)
  return status === undefined ? EXIT.failed : EXIT.ok
}

export const printThread = ({ threadId, running, seq, runs, foreign }: ThreadStatus): void => {
  const count = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`
  console.log(`Thread ${threadId}: ${running ? 'running' : 'idle'}, ${count}, ${seq} events`)
  if (foreign > 0) note(`${foreign} records in its log are not this library's, and are skipped.`)
  const rows = runs.map(({ runId, agentId, status, cause, workerId, claimedAt }) => [
    runId,
    agentId,
    cause === undefined || cause === 'agent' ? status : `${status} (${cause})`,
    timeOf(claimedAt),
    workerId,
  ])
  printTable(['RUN', 'AGENT', 'STATUS', 'STARTED', 'WORKER'], rows)
}

/** Also `kar workers`. */
export const showWorkers = async (flags: StatusFlags): Promise<number> => {
  const [workers, pools] = await withRunner(flags, (runner) =>
    Promise.all([runner.workers(), runner.pools()]),
  )
  if (flags.json) console.log(JSON.stringify({ workers, pools }))
  else if (workers.length > 0) printWorkers(workers)
  for (const pool of pools) if (pool.pool !== undefined && pool.workers === 0) note(withoutWorker(pool))
  if (workers.length === 0) note(`No worker is there. Start one: ${KAR} worker`)
  return workers.length === 0 ? EXIT.failed : EXIT.ok
}

const printWorkers = (workers: Beat[]): void => {
  const rows = workers.map(({ workerId, pool = '-', state, agents, runs, startedAt }) => [
    workerId,
    pool,
    state,
    String(runs),
    timeOf(startedAt),
    agents.join(', '),
  ])
  printTable(['WORKER', 'POOL', 'STATE', 'RUNS', 'STARTED', 'AGENTS'], rows)
}

const HELP = `
Exits with 1 when there is no such thread, or no worker.

Examples:
  $ kar status
  $ kar status hello
  $ kar status hello --json | jq .running`
