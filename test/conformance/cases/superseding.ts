import type { BaseEvent } from '@ag-ui/client'
import { firstValueFrom } from 'rxjs'
import { ScriptedAgent } from '../../support/agents.ts'
import { textOf, typesOf } from '../../support/events.ts'
import { type Case, MEMORY } from '../case.ts'
import { DeafAgent, message, never, script, started, whole } from '../scripts.ts'
import type { Stage } from '../stage.ts'

const endless = script(started, ...message('m1', 'first'), never)

/** A run that says something and goes on, superseded by a second one; what each caller got. */
const supersedeOne = async (stage: Stage, first: ScriptedAgent = new ScriptedAgent(endless)) => {
  const one = stage.run(first)
  await firstValueFrom(one.events)
  const two = stage.supersede(whole(...message('m2', 'second')))
  const [superseded, second] = await Promise.all([
    stage.patiently(stage.collect(one.events)),
    stage.patiently(stage.collect(two.events)),
  ])
  return { superseded, second }
}

const endOf = (events: BaseEvent[] | 'still waiting') =>
  events === 'still waiting' ? events : typesOf(events).at(-1)

export const SUPERSEDING: Case[] = [
  {
    title: 'lets the second run through, and ends the first one’s stream as a stop does',
    observe: async (stage) => {
      const { superseded, second } = await supersedeOne(stage)
      return [endOf(superseded), textOf(second as BaseEvent[])]
    },
    expected: ['RUN_FINISHED', 'second'],
  },
  {
    title: 'keeps the superseded run in the history, ended, before the second',
    observe: async (stage) => {
      await supersedeOne(stage)
      const replayed = await stage.connect()
      return [textOf(replayed), typesOf(replayed).filter((type) => type === 'RUN_FINISHED').length]
    },
    expected: ['firstsecond', 2],
    differs: {
      by: MEMORY,
      outcome: ['second', 1],
      instead: 'the superseded run vanishes from the history',
      because: 'its caller saw it, and a replay is to lead to the same messages.',
    },
  },
  {
    title: 'is idle afterwards',
    observe: async (stage) => {
      await supersedeOne(stage)
      return stage.runner.isRunning({ threadId: stage.threadId })
    },
    expected: false,
  },
  {
    title: 'cuts off a superseded agent that is deaf to abort',
    observe: async (stage) => {
      const { superseded, second } = await supersedeOne(stage, new DeafAgent(endless))
      return [endOf(superseded), textOf(second as BaseEvent[])]
    },
    expected: ['RUN_FINISHED', 'second'],
    differs: {
      by: MEMORY,
      outcome: ['still waiting', 'second'],
      instead: 'its caller’s stream never ends',
      because: 'a caller must not depend on an agent that does not listen.',
    },
  },
  {
    title: 'is a plain run on an idle thread',
    observe: async (stage) => {
      const { events } = stage.supersede(whole(...message('m', 'alone')))
      return typesOf(await stage.collect(events))
    },
    expected: [
      'RUN_STARTED',
      'TEXT_MESSAGE_START',
      'TEXT_MESSAGE_CONTENT',
      'TEXT_MESSAGE_END',
      'RUN_FINISHED',
    ],
  },
]
