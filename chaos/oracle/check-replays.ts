import { AbstractAgent, type BaseEvent, type Message, verifyEvents } from '@ag-ui/client'
import { from, lastValueFrom, type Observable, toArray } from 'rxjs'
import { messageOf } from '../../src/errors.ts'
import type { Evidence, Violation } from './evidence.ts'
import { isPhantom, type LogRun } from './thread-log.ts'

/**
 * Promise 2: `connect` gives every run once, in order, as its record has it; a client that applies the raw
 * events of a run ends with the same messages and state as one that applies the replay. AG-UI's own client
 * and verifier judge.
 */
export const checkReplays = async ({ threads, replays }: Evidence): Promise<Violation[]> => {
  const found: Violation[] = []
  for (const { threadId, runs } of threads.values()) {
    const shown = runs.filter((run) => !isPhantom(run))
    const replay = (replays.get(threadId) ?? []).map((event) => JSON.stringify(event))
    const expected = shown.flatMap((run) => run.recorded ?? run.events.map(({ text }) => text))
    const wrong = expected.findIndex((text, index) => text !== replay[index])
    if (wrong !== -1 || replay.length !== expected.length) {
      const at = wrong === -1 ? expected.length : wrong
      const what = `connect gives ${replay[at]} as event ${at + 1}, the log has ${expected[at]}`
      found.push({ promise: '2 live and replay', threadId, what })
    }
    const problem = await verify(replay.map((text) => JSON.parse(text)))
    if (problem !== undefined) found.push({ promise: '2 valid streams', threadId, what: problem })
    const difference = await compare(shown)
    if (difference !== undefined) found.push({ promise: '2 live and replay', threadId, what: difference })
  }
  return found
}

const verify = async (events: BaseEvent[]): Promise<string | undefined> => {
  try {
    await lastValueFrom(from(events).pipe(verifyEvents(false), toArray()), { defaultValue: [] })
    return undefined
  } catch (error) {
    return `AG-UI's verifier refuses the replay: ${messageOf(error)}`
  }
}

const compare = async (runs: readonly LogRun[]): Promise<string | undefined> => {
  const live = new Client()
  const replayed = new Client()
  for (const run of runs) {
    const raw = run.events.map(({ text }) => text)
    await live.take(raw)
    await replayed.take(run.recorded ?? raw)
    const [a, b] = [live.outcome, replayed.outcome]
    if (a !== b)
      return `run ${run.runId} leads live to ${difference(a, b)}, and replayed to ${difference(b, a)}`
  }
  return undefined
}

const SHOWN = 150

/** The text from a little before where it differs. */
const difference = (text: string, other: string): string => {
  let at = 0
  while (at < text.length && text[at] === other[at]) at += 1
  return `…${text.slice(Math.max(0, at - SHOWN), at + SHOWN)}…`
}

/** AG-UI's client, fed run by run with what a stream held. */
class Client extends AbstractAgent {
  #next: string[] = []

  override run(): Observable<BaseEvent> {
    return from(this.#next.map((text) => JSON.parse(text) as BaseEvent))
  }

  async take(texts: string[]): Promise<void> {
    this.#next = texts
    // A run that ended with RUN_ERROR is told as a rejection.
    await this.runAgent().catch(() => {})
  }

  get outcome(): string {
    const messages: Message[] = this.messages
    return JSON.stringify({ messages, state: this.state })
  }
}
