import type { Agents } from '../../src/worker/agents.ts'
import type { Machine } from './machine.ts'
import type { Plan } from './plan.ts'
import { SimulatedAgent } from './scripted-agent.ts'
import type { Witness } from './witness.ts'

/** Makes a process's agents, which note what they do. */
export const agentMaker =
  (plan: Plan, witness: Witness, { name, system }: Machine, now: () => number) =>
  (): SimulatedAgent =>
    new SimulatedAgent({
      system,
      scriptOf: (runId) => plan.scripts.get(runId)!,
      onRun: ({ runId, threadId }, remembered) => {
        const mark = `x${witness.executions.length}`
        const request = plan.acts.find((act) => act.do === 'run' && act.runId === runId)
        const agentId = request?.do === 'run' ? request.agentId : ''
        witness.executions.push({ mark, runId, threadId, agentId, worker: name, at: now(), remembered })
        witness.note(`${name} executes ${runId} as ${mark}`)
        return mark
      },
      onAbort: ({ runId }) => witness.note(`${name} tells the agent of ${runId} to stop`),
    })

/** What every worker can execute. */
export const agentsOf = (makeAgent: () => SimulatedAgent): Agents => ({
  simulated: makeAgent,
  restartable: { agent: makeAgent, onWorkerLost: 'restart' },
})
