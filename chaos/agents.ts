import { randomUUID } from 'node:crypto'
import { AbstractAgent, type BaseEvent, type RunAgentInput } from '@ag-ui/client'
import { Observable } from 'rxjs'
import { sleep } from '../src/sleep.ts'
import { writeJournal } from './journal.ts'
import type { Script } from './script.ts'

/** The agents module of the chaos run's workers: one agent, which does what its input says and keeps a journal. */

const JOURNAL = process.env.CHAOS_JOURNAL ?? ''
const WORKER_ID = process.env.KAR_WORKER_ID ?? ''

class ChaosAgent extends AbstractAgent {
  readonly #aborting = new AbortController()

  run(input: RunAgentInput): Observable<BaseEvent> {
    return new Observable((subscriber) => {
      const play = async () => {
        const script = input.forwardedProps as Script
        const line = {
          execution: randomUUID(),
          threadId: input.threadId,
          runId: input.runId,
          workerId: WORKER_ID,
        }
        let deltas = 0
        writeJournal(JOURNAL, { what: 'start', ...line, time: Date.now() })
        try {
          for await (const event of eventsOf(input, script, line, this.#aborting.signal)) {
            if (this.#aborting.signal.aborted && script.kind !== 'deaf') break
            if (event.type === 'TEXT_MESSAGE_CONTENT') deltas += 1
            subscriber.next(event as unknown as BaseEvent)
          }
        } finally {
          writeJournal(JOURNAL, { what: 'end', ...line, time: Date.now(), deltas })
        }
        subscriber.complete()
      }
      play().catch((error) => subscriber.error(error))
    })
  }

  override abortRun(): void {
    this.#aborting.abort()
  }

  override clone(): ChaosAgent {
    return new ChaosAgent({ agentId: this.agentId })
  }
}

/** Numbered deltas in two messages with a tool call between them, and small changes of the thread's state. */
async function* eventsOf(
  { threadId, runId }: RunAgentInput,
  script: Script,
  { execution, workerId }: { execution: string; workerId: string },
  signal: AbortSignal,
) {
  if (script.kind === 'silent') throw new Error('Silent, as the script says.')
  const stateOf = (value: number) => ({
    type: 'STATE_DELTA',
    delta: [{ op: 'add', path: `/${runId}`, value }],
  })
  yield { type: 'RUN_STARTED', threadId, runId }
  yield { type: 'CUSTOM', name: 'execution', value: { execution, workerId } }
  const half = Math.floor(script.deltas / 2)
  for (let delta = 0; delta < script.deltas; delta += 1) {
    await sleep(script.pauseMs, script.kind === 'deaf' ? undefined : signal)
    const messageId = `${runId}-${delta < half ? 'first' : 'second'}`
    if (delta === 0 || delta === half) {
      if (delta > 0) {
        yield { type: 'TEXT_MESSAGE_END', messageId: `${runId}-first` }
        yield* toolCall(runId)
      }
      yield { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' }
    }
    yield { type: 'TEXT_MESSAGE_CONTENT', messageId, delta: `${delta} ` }
    if (delta % 5 === 3) yield stateOf(delta)
  }
  if (script.kind === 'throws') throw new Error('Failed, as the script says.')
  if (script.deltas > 0) yield { type: 'TEXT_MESSAGE_END', messageId: `${runId}-second` }
  yield { type: 'RUN_FINISHED', threadId, runId }
}

function* toolCall(runId: string) {
  const toolCallId = `${runId}-call`
  yield { type: 'TOOL_CALL_START', toolCallId, toolCallName: 'count', parentMessageId: `${runId}-first` }
  for (const delta of ['{"from"', ':1,"to"', ':2}']) yield { type: 'TOOL_CALL_ARGS', toolCallId, delta }
  yield { type: 'TOOL_CALL_END', toolCallId }
  yield { type: 'TOOL_CALL_RESULT', messageId: `${runId}-result`, toolCallId, content: '2' }
}

export default { chaos: () => new ChaosAgent({ agentId: 'chaos' }) }
