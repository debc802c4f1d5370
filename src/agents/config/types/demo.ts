import { z } from 'zod'
import type { AgentType } from '../agent-type.ts'

const demoSettings = z.strictObject({
  delay_ms: z
    .number()
    .int()
    .min(0)
    .max(60_000)
    .optional()
    .describe('Pause before each piece of what it says, in milliseconds.'),
})

/** What runs with no file: an agent that needs neither a key nor a network. */
export const demoType: AgentType<z.output<typeof demoSettings>> = {
  summary: 'The demonstration: needs neither a key nor a network.',
  settings: demoSettings,
  where: () => 'built in',
  make: async ({ delay_ms: delayMs }, config) => {
    const { DemoAgent } = await import('../../../demo/demo-agent.ts')
    return () => new DemoAgent({ ...config, delayMs })
  },
  check: async () => [{ result: { ok: true, detail: 'it needs nothing' } }],
}
