import type { AgentsChange } from '../agents/config/registry.ts'

/** A line for people about an agents file that was read again. */
export const agentsNews = ({ added, changed, removed }: AgentsChange): string => {
  const parts = Object.entries({ new: added, changed, gone: removed })
    .filter(([, ids]) => ids.length > 0)
    .map(([what, ids]) => `${what}: ${ids.join(', ')}`)
  const news = parts.join('; ') || 'no agent is different'
  return `The agents file was read again (${news}). Runs that go on keep what they began with.`
}
