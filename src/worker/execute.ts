import type { AbstractAgent, RunAgentInput } from '@ag-ui/client'
import { type ErrorCode, messageOf, RunnerError } from '../errors.ts'
import type { EndCause } from '../log/record.ts'
import { finalizeRun, type RunEnding } from '../run/finalize.ts'
import { OVER } from '../sleep.ts'
import type { System } from '../system.ts'
import { HeldDeltas, type OnEvent } from './held-deltas.ts'
import type { RunWriter } from './run-writer.ts'

/** Why a run is to end before its agent is done. */
export interface EarlyEnd {
  cause: Exclude<EndCause, 'agent'>
  message?: string
  code?: ErrorCode
}

/** Ends a run from outside. The first reason counts. */
export class RunControl {
  readonly #stopping = Promise.withResolvers<void>()
  early: EarlyEnd | undefined
  /** The writer lost the thread: what the agent still does is nobody's business. */
  lost = false

  end(reason: EarlyEnd): void {
    this.early ??= reason
    this.#stopping.resolve()
  }

  lose(): void {
    this.lost = true
    this.#stopping.resolve()
  }

  /** Resolves when the agent is to be told. */
  get stopping(): Promise<void> {
    return this.#stopping.promise
  }
}

export interface ExecuteOptions {
  agent: AbstractAgent
  input: RunAgentInput
  writer: RunWriter
  control: RunControl
  /** How long an agent that was told to stop may take. */
  stopGraceMs: number
  system: Pick<System, 'sleep'>
}

/**
 * Runs the agent under a claim, to exactly one terminal event: its own, or the one that its way of ending
 * calls for.
 * @throws RunnerError APPEND_FAILED, READ_FAILED
 */
export const execute = async (options: ExecuteOptions): Promise<void> => {
  const { writer, control } = options
  const outcome = control.early === undefined ? await runAgent(options) : {}
  for (const event of finalizeRun(writer.open, ending(options, outcome))) {
    writer.write(event, causeOf(control, outcome))
  }
  await writer.drained()
}

interface Outcome {
  /** What the agent threw. */
  error?: unknown
}

const runAgent = async (options: ExecuteOptions): Promise<Outcome> => {
  const { agent, input, writer, control, stopGraceMs, system } = options
  const held = agent.subscribers.length === 0 ? new HeldDeltas() : undefined
  const onEvent: OnEvent = ({ event, messages }) => {
    if (control.early?.cause === 'failure') return undefined
    try {
      // The cause of a terminal event that an aborted agent still sends itself is the abort.
      const room = writer.write(event, control.early?.cause)
      const mutation = held?.take(event, messages)
      return room === undefined ? mutation : room.then(() => mutation)
    } catch (error) {
      // Not thrown on: AG-UI's client swallows what a subscriber throws.
      control.end({ cause: 'failure', ...failureOf(error) })
      return undefined
    }
  }
  // An agent may throw before it gives a promise.
  const running = (async () => agent.runAgent(input, { onEvent }))().then(
    (): Outcome => ({}),
    (error: unknown): Outcome => ({ error }),
  )
  const first = await Promise.race([running, control.stopping])
  if (first !== undefined) return first
  abort(agent)
  const settled = new AbortController()
  const inTime = await Promise.race([running, system.sleep(stopGraceMs, settled.signal)])
  settled.abort(OVER)
  if (inTime === undefined) await cutOff(agent, system)
  return inTime ?? {}
}

const abort = (agent: AbstractAgent): void => {
  try {
    agent.abortRun()
  } catch {
    // An agent that cannot be aborted is cut off after its grace time, like one that ignores it.
  }
}

/** Its later events go nowhere: the writer takes none after the terminal event. */
const cutOff = async (agent: AbstractAgent, system: Pick<System, 'sleep'>): Promise<void> => {
  await Promise.race([agent.detachActiveRun(), system.sleep(100)]).catch(() => {})
}

const ending = ({ input, control }: ExecuteOptions, { error }: Outcome): RunEnding => {
  const { threadId, runId } = input
  const { early } = control
  if (early?.cause === 'stop' || early?.cause === 'superseded') return { reason: 'stopped', threadId, runId }
  if (early !== undefined)
    return { reason: 'failed', threadId, runId, message: early.message, code: early.code }
  if (error === undefined) return { reason: 'ended', threadId, runId }
  return { reason: 'failed', threadId, runId, ...failureOf(error) }
}

const failureOf = (error: unknown): Pick<RunEnding, 'message' | 'code'> => ({
  message: messageOf(error),
  code: error instanceof RunnerError ? error.code : undefined,
})

const causeOf = (control: RunControl, { error }: Outcome): EndCause =>
  control.early?.cause ?? (error === undefined ? 'agent' : 'failure')
