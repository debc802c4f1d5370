import type { Reader } from '../reader.ts'
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

/** Looks at topics and leaves them as they are: none is created or checked. */
export const withReader = async <T>(flags: KafkaFlags, use: (reader: Reader) => Promise<T>): Promise<T> => {
  const settings = await settingsFor('runner', flags)
  const [{ openReader }, { runnerConfig }] = await Promise.all([
    import('../reader.ts'),
    import('../config.ts'),
  ])
  const reader = await openReader(runnerConfig(settings))
  try {
    return await use(reader)
  } finally {
    await reader.close()
  }
}
