import { randomUUID } from 'node:crypto'
import type { AbstractAgent, BaseEvent, RunAgentInput } from '@ag-ui/client'
import type { AgentRunner } from '@copilotkit/runtime/v2'
import type { Observable } from 'rxjs'
import { machine, settlesWithin } from '../../src/system.ts'
import { CLIENTS, replay } from '../run/clients.ts'
import { type Script, ScriptedAgent } from '../support/agents.ts'
import { collect, inputFor } from '../support/events.ts'
import type { Subject } from './runners.ts'

export interface Started {
  input: RunAgentInput
  events: Observable<BaseEvent>
}

/** What a case works with: a runner and a thread of its own. */
export interface Stage {
  runner: AgentRunner
  threadId: string
  /** Starts a run, as CopilotKit does: the agent has the thread's id, messages and state before. */
  run(source: Script | AbstractAgent, more?: Partial<RunAgentInput>): Started
  /** The same with a run that takes the place of the one that goes on. */
  supersede(source: Script | AbstractAgent, more?: Partial<RunAgentInput>): Started
  /** All events of a stream, as they came. Remembered, to be put to AG-UI's clients. */
  collect(events: Observable<BaseEvent>): Promise<BaseEvent[]>
  /** A whole run: `run`, then `collect`. */
  play(source: Script | AbstractAgent, more?: Partial<RunAgentInput>): Promise<BaseEvent[]>
  /** A whole `connect`. */
  connect(): Promise<BaseEvent[]>
  /** The same on another thread. */
  another(threadId?: string): Stage
  /** What a promise gives, or 'still waiting' when the runner has had its time. */
  patiently<T>(promise: Promise<T>): Promise<T | 'still waiting'>
  /**
   * The versions of AG-UI's client that reject a stream which was collected: as it was, or without the fault
   * that another case shows.
   */
  rejectedBy(how: 'as given' | 'mended'): Promise<string[]>
}

export const createStage = (
  subject: Subject,
  threadId: string = `thread-${randomUUID()}`,
  streams: BaseEvent[][] = [],
): Stage => {
  const { runner, register } = subject

  const startOn =
    (target: Subject['superseding']): Stage['run'] =>
    (source, more) => {
      const input = inputFor(threadId, more)
      const agent = typeof source === 'function' ? new ScriptedAgent(source) : source
      agent.threadId = threadId
      agent.setMessages(input.messages)
      agent.setState(input.state)
      register(agent)
      return { input, events: target.run({ threadId, agent, input }) }
    }
  const run = startOn(runner)

  const watch: Stage['collect'] = async (events) => {
    const all = await collect(events)
    // A copy, in case that somebody changes the objects later.
    streams.push(structuredClone(all))
    return all
  }

  const rejectedBy: Stage['rejectedBy'] = async (how) => {
    const mend = (how === 'mended' && subject.mend) || ((event: BaseEvent) => event)
    const verdicts = await Promise.all(
      CLIENTS.map(async ([version, client]) => {
        const rejects = await Promise.all(streams.map((stream) => rejected(client, stream.map(mend))))
        return rejects.includes(true) ? [version] : []
      }),
    )
    return verdicts.flat()
  }

  return {
    runner,
    threadId,
    run,
    supersede: startOn(subject.superseding),
    collect: watch,
    play: (source, more) => watch(run(source, more).events),
    connect: () => watch(runner.connect({ threadId })),
    another: (other) => createStage(subject, other, streams),
    patiently: async (promise) =>
      (await settlesWithin(machine, promise, subject.patienceMs)) ? promise : 'still waiting',
    rejectedBy,
  }
}

type Client = (typeof CLIENTS)[number][1]

const rejected = async (client: Client, stream: BaseEvent[]): Promise<boolean> => {
  if (stream.length === 0) return false
  return replay(client, stream).then(
    () => false,
    () => true,
  )
}
