import { LRUCache } from 'lru-cache'
import type { Subscription } from 'rxjs'
import { messageOf } from '../errors.ts'
import { isEnd, type RunFact } from '../fan-in/run-fact.ts'
import { isTerminal } from '../log/record.ts'
import type { AnyEvent } from '../run/event.ts'
import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'

/** Which run something is of. */
export type RunName = Pick<RunFact, 'threadId' | 'runId' | 'agentId'>

export interface RunTailOptions {
  runner: Pick<KafkaAgentRunner, 'read' | 'status'>
  /** Runs that are followed live at once; the others are shown when they end. @default 32 */
  followedMax?: number
  /** Each fact once; an end behind the events of its run. `shown` is whether the events up to the run's end were given. */
  onFact(fact: RunFact, shown: boolean): void
  onEvent(run: RunName, event: AnyEvent): void
  /** Something that whoever watches should know. */
  onNote(text: string): void
}

interface Followed {
  shown: boolean
  /** Whether its end was shown too. */
  whole: boolean
  done: Promise<void>
  stop(): void
}

const FACTS_REMEMBERED_MAX = 20_000

/**
 * Follows every run from its start to its end: live by its thread's log, or, beyond the limit and where its start was
 * missed, by the events that come with its end.
 */
export const createRunTail = (options: RunTailOptions) => {
  const { runner, followedMax = 32, onFact, onEvent, onNote } = options
  const followed = new Map<string, Followed>()
  /** Facts are published at least once. */
  const told = new LRUCache<string, true>({ max: FACTS_REMEMBERED_MAX })
  let stopped = false

  const follow = (fact: RunFact): void => {
    const stopping = new AbortController()
    const run: Followed = {
      shown: false,
      whole: false,
      done: Promise.resolve(),
      stop: () => stopping.abort(),
    }
    run.done = readRun(runner, fact, stopping.signal, (event) => {
      run.shown = true
      run.whole = isTerminal(event)
      onEvent(fact, event)
    }).catch((error) => {
      if (!stopped)
        onNote(`Run ${fact.runId} of thread ${fact.threadId} is followed no longer: ${messageOf(error)}`)
    })
    followed.set(keyOf(fact), run)
  }

  const begin = (fact: RunFact): void => {
    onFact(fact, false)
    if (followed.size < followedMax) follow(fact)
    else
      onNote(
        `${followedMax} runs are followed already: run ${fact.runId} of ${fact.threadId} is shown when it ends.`,
      )
  }

  const finish = async (fact: RunFact): Promise<void> => {
    const run = followed.get(keyOf(fact))
    await run?.done
    if (stopped) return
    const isShown = run?.shown === true
    // Of a run that failed before its first event the thread has nothing.
    const isPhantom = fact.parts === 1 && fact.events.length <= 1
    if (!isShown && !isPhantom) for (const { event } of fact.events) onEvent(fact, event)
    if (fact.part < fact.parts - 1) return
    followed.delete(keyOf(fact))
    onFact(fact, isShown ? run.whole : !isPhantom)
  }

  return {
    take: (fact: RunFact): void => {
      const key = JSON.stringify([fact.threadId, fact.id, fact.part])
      if (stopped || told.has(key)) return
      told.set(key, true)
      if (fact.fact === 'started') begin(fact)
      else if (isEnd(fact) && fact.fact !== 'rejected') void finish(fact)
      else onFact(fact, false)
    },
    /** Idempotent. */
    stop: (): void => {
      stopped = true
      for (const run of followed.values()) run.stop()
      followed.clear()
    },
  }
}

const keyOf = ({ threadId, commandId }: RunFact): string => JSON.stringify([threadId, commandId])

/** Gives a run's events up to its end. */
const readRun = async (
  runner: RunTailOptions['runner'],
  { threadId, runId }: RunFact,
  signal: AbortSignal,
  onEvent: (event: AnyEvent) => void,
): Promise<void> => {
  const status = await runner.status(threadId)
  const run = status?.runs.findLast((each) => each.runId === runId)
  if (run === undefined || signal.aborted) return
  await new Promise<void>((resolve, reject) => {
    let subscription: Subscription | undefined
    let ended = false
    const end = () => {
      ended = true
      subscription?.unsubscribe()
      resolve()
    }
    signal.addEventListener('abort', end, { once: true })
    subscription = runner.read({ threadId, after: run.firstSeq - 1 }).subscribe({
      next: ({ event }) => {
        if (ended) return
        onEvent(event as AnyEvent)
        // Another run may have begun behind it.
        if (isTerminal(event)) end()
      },
      error: reject,
      complete: end,
    })
    if (ended) subscription.unsubscribe()
  })
}
