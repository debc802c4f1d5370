import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { AgentCase, FakePlatform, Script } from '../suite/agent-case.ts'
import { type FakeServer, startFake } from '../suite/fake-server.ts'
import { CASES } from './cases.ts'

export interface Platform {
  agentCase: AgentCase
  platform: FakePlatform
  server: FakeServer
}

/** A fake of each platform, and an agents.yaml that names them all. */
export const startPlatforms = async () => {
  const platforms = new Map<string, Platform>()
  for (const agentCase of CASES) {
    const platform = agentCase.fake()
    const server = await startFake(platform.handler)
    platforms.set(agentCase.type, { agentCase, platform, server })
  }
  const all = [...platforms.values()]
  const folder = await mkdtemp(join(tmpdir(), 'kar-agents-'))
  const file = join(folder, 'agents.yaml')
  const agents = all.map(({ agentCase, server }) => [agentCase.type, agentCase.entry(server.url)])
  const providers = all.map(({ agentCase, server }) => agentCase.providers?.(server.url) ?? {})
  const content = { providers: Object.assign({}, ...providers), agents: Object.fromEntries(agents) }
  await writeFile(file, stringify(content))
  return {
    platforms,
    /** The agents.yaml. */
    file,
    /** The same agents for a worker in this process. */
    agents: Object.fromEntries(
      all.map(({ agentCase, server }) => [agentCase.type, () => agentCase.make(server.url)]),
    ),
    play: (script: Script) => {
      for (const { platform } of all) platform.play(script)
    },
    stop: async () => {
      await Promise.all(all.map(({ server }) => server.stop()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}
