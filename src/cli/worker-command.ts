import type { Command } from 'commander'
import { commandLineConfig } from '../config.ts'
import { AGENTS_HELP, addKafkaFlags, type KafkaFlags, settingsFor } from './settings.ts'

interface WorkerFlags extends KafkaFlags {
  agents?: string
  pool?: string
}

export const addWorkerCommand = (program: Command): void => {
  const command = program
    .command('worker')
    .description('execute agents for everybody who asks')
    .option('--agents <file>', AGENTS_HELP)
    .option('--pool <name>', 'take the commands of the agents of this pool (KAR_POOL)')
    .addHelpText('after', HELP)
    .action(async (flags: WorkerFlags) => {
      const { agents, brokerWaitMs } = commandLineConfig(
        { ...(flags.agents !== undefined && { agents: flags.agents }) },
        process.env,
      )
      const settings = await settingsFor('worker', flags)
      const worker = { ...settings, ...(flags.pool !== undefined && { pool: flags.pool }) }
      const { runWorkerProcess } = await import('../serve/worker-process.ts')
      // Started by kar serve, it leaves the talking to that.
      const say = process.send === undefined ? console.log : () => {}
      await runWorkerProcess({
        worker,
        agents,
        env: process.env,
        brokerWaitMs,
        onReady: (workerId, agentIds) =>
          say(
            `Worker ${workerId} takes commands for ${agentIds.join(', ')}. Ctrl-C lets its runs end first.`,
          ),
        onAgents: say,
        onStopping: () => say('Leaving. Runs that go on may end; Ctrl-C again cuts them.'),
      })
    })
  addKafkaFlags(command)
}

const HELP = `
Agents are in an agents.yaml ("kar init" writes one), or in a module, which exports an object of agents by id,
as its default or as "agents":
  export default { support: () => new SupportAgent() }
An agent that names a pool is executed by workers of that pool alone:
  export default { vision: { agent: () => new VisionAgent(), pool: 'gpu' } }

Examples:
  $ kar worker
  $ kar worker --agents ./agents.yaml
  $ kar worker --agents ./agents.ts --pool gpu
  $ KAFKA_BROKERS=kafka-1:9092,kafka-2:9092 kar worker --agents @acme/agents`
