import { isDeepStrictEqual } from 'node:util'
import type { AbstractAgent, RunAgentInput } from '@ag-ui/client'
import { AbstractAgent as NewAbstractAgent } from 'ag-ui-client-v1'
import { from } from 'rxjs'
import { inputFor, textOf, typesOf } from '../../support/events.ts'
import { type Case, REMOTE } from '../case.ts'
import { finished, message, RawAgent, started } from '../scripts.ts'

/** Of the other version of AG-UI's client. Its types differ in places that no test touches. */
const newAgent = (): AbstractAgent => {
  class NewAgent extends NewAbstractAgent {
    run({ threadId, runId }: { threadId: string; runId: string }) {
      const of = { threadId, runId } as RunAgentInput
      return from([started(of), ...message('m', 'from version 1'), finished(of)] as never[])
    }
  }
  return new NewAgent() as unknown as AbstractAgent
}

export const AGENTS: Case[] = [
  {
    title:
      'passes on what an agent with a runAgent of its own emits: without RUN_STARTED, and of unknown types',
    observe: async (stage) => {
      const agent = new RawAgent(({ emit }) => {
        emit({ type: 'message', id: '1', data: { text: 'Hello' } })
        emit({ type: 'end', id: '2' })
      })
      const live = await stage.play(agent)
      const replayed = await stage.connect()
      return [live.slice(0, 2), typesOf(live), isDeepStrictEqual(replayed, live)]
    },
    expected: [
      [
        { type: 'message', id: '1', data: { text: 'Hello' } },
        { type: 'end', id: '2' },
      ],
      ['message', 'end', 'RUN_ERROR'],
      true,
    ],
    unverified: 'AG-UI knows no such events.',
  },
  {
    title: 'drops what an agent emits after its runAgent has resolved',
    observe: async (stage) => {
      const late = Promise.withResolvers<void>()
      const agent = new RawAgent(({ emit, input }) => {
        emit(started(input))
        setTimeout(() => {
          emit({ type: 'CUSTOM', name: 'too late', value: 0 })
          late.resolve()
        }, 20)
      })
      const { events } = stage.run(agent)
      await late.promise
      return [typesOf(await stage.collect(events)), typesOf(await stage.connect())]
    },
    expected: [
      ['RUN_STARTED', 'RUN_ERROR'],
      ['RUN_STARTED', 'RUN_ERROR'],
    ],
  },
  {
    title: 'runs agents that are made with version 1 of AG-UI’s client',
    observe: async (stage) => textOf(await stage.play(newAgent())),
    expected: 'from version 1',
  },
  {
    title: 'runs the very instance that it is given',
    observe: async (stage) => {
      const agent = new RawAgent(({ emit, input }) => {
        emit(started(input))
        emit(finished(input))
      })
      await stage.play(agent)
      return agent.ran
    },
    expected: true,
    differs: {
      by: REMOTE,
      outcome: false,
      instead:
        'its worker makes an agent of its own by the agent’s id, and gives it the thread’s id, messages and state',
      because: 'An instance cannot travel to another process.',
    },
  },
  {
    title: 'runs an agent that has no id and that nobody registered',
    observe: async (stage) => {
      const { threadId } = stage
      const agent = new RawAgent(({ emit, input }) => {
        emit(started(input))
        emit(finished(input))
      })
      const events = await stage.collect(stage.runner.run({ threadId, agent, input: inputFor(threadId) }))
      return [typesOf(events), events.at(-1)?.code]
    },
    expected: [['RUN_STARTED', 'RUN_FINISHED'], undefined],
    differs: {
      by: REMOTE,
      outcome: [['RUN_ERROR'], 'UNKNOWN_AGENT'],
      instead: 'gives RUN_ERROR UNKNOWN_AGENT: each worker has to have the agents that it is to run',
      because: 'An instance cannot travel to another process.',
    },
  },
]
