import type { RunAgentInput } from '@ag-ui/client'
import { CLIENTS, replay } from '../../run/clients.ts'
import { typesOf } from '../../support/events.ts'
import type { Case } from '../case.ts'
import { inputsOf } from '../outline.ts'
import { finished, message, script, started } from '../scripts.ts'

const INTERRUPT = { id: 'i', reason: 'approval', message: 'Send it?' }
const asking = script(started, ...message('m1', 'I would send it.'), (input: RunAgentInput) => ({
  ...finished(input),
  outcome: { type: 'interrupt', interrupts: [INTERRUPT] },
}))
const RESUME = [{ interruptId: 'i', status: 'resolved', payload: { approved: true } }]

const pendingAfter = (events: Parameters<typeof replay>[1]) =>
  Promise.all(CLIENTS.map(async ([, client]) => (await replay(client, events)).pendingInterrupts))

export const INTERRUPTS: Case[] = [
  {
    title: 'ends a run with the agent’s interrupt, which a replay leaves pending',
    observe: async (stage) => {
      const live = await stage.play(asking)
      const replayed = await stage.connect()
      const running = await stage.runner.isRunning({ threadId: stage.threadId })
      return [live.at(-1)?.outcome, replayed.at(-1)?.outcome, running, await pendingAfter(replayed)]
    },
    expected: [
      { type: 'interrupt', interrupts: [INTERRUPT] },
      { type: 'interrupt', interrupts: [INTERRUPT] },
      false,
      [[INTERRUPT], [INTERRUPT]],
    ],
  },
  {
    title: 'gives the agent what resumes it, tells it with RUN_STARTED, and a replay leaves nothing pending',
    observe: async (stage) => {
      await stage.play(asking)
      let given: unknown
      const resuming = script(
        (input: RunAgentInput) => {
          given = input.resume
          return started(input)
        },
        ...message('m2', 'Sent.'),
        (input: RunAgentInput) => ({ ...finished(input), outcome: { type: 'success' } }),
      )
      const live = await stage.play(resuming, { resume: RESUME } as Partial<RunAgentInput>)
      const replayed = await stage.connect()
      return [given, inputsOf(live)[0]?.resume, typesOf(live).at(-1), await pendingAfter(replayed)]
    },
    expected: [RESUME, RESUME, 'RUN_FINISHED', [[], []]],
  },
]
