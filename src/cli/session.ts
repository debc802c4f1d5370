import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'
import { type KafkaFlags, settingsFor } from './settings.ts'

/** Does something with a runner that submits and reads only, and closes it. */
export const withRunner = async <T>(
  flags: KafkaFlags,
  use: (runner: KafkaAgentRunner) => Promise<T>,
): Promise<T> => {
  const settings = await settingsFor('runner', flags)
  // Loaded here: half a second that --help need not take.
  const { KafkaAgentRunner } = await import('../runner/kafka-agent-runner.ts')
  const runner = new KafkaAgentRunner({ ...settings, worker: false })
  try {
    await runner.start()
    return await use(runner)
  } finally {
    await runner.close()
  }
}
