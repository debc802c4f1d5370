import { describe, expect, it, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { checkAgents } from '../../../src/agents/config/check-agents.ts'
import { readAgentsFile } from '../../../src/agents/config/file.ts'
import { openAgentsFile } from '../../../src/agents/config/registry.ts'
import { AGENT_TYPES } from '../../../src/agents/config/types.ts'
import { testAgent } from '../../../src/agents/kit/test-agent.ts'
import { agentFor } from '../../../src/worker/agents.ts'
import { CASES } from '../kafka/cases.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { useFake } from '../suite/fake-server.ts'
import { useAgentsFile, useLog } from './support.ts'

const COMMAND = {
  threadId: 't',
  agentId: 'one',
  headers: {},
  input: { threadId: 't', runId: 'r', messages: [], tools: [], context: [], state: {}, forwardedProps: {} },
}

describe('an agent of agents.yaml', () => {
  it.each(CASES.map((agentCase) => [agentCase.type, agentCase] as const))(
    'of type %s is made, runs, and is looked at',
    async (_type, agentCase) => {
      const platform = agentCase.fake()
      const { url } = await useFake(platform.handler)
      const { folder, path } = await useAgentsFile(
        stringify({ providers: agentCase.providers?.(url), agents: { one: agentCase.entry(url) } }),
      )
      const { lines, logger } = useLog()
      const live = await openAgentsFile({ path, env: {}, logger })
      onTestFinished(() => live.stop())
      const run = await testAgent(await agentFor(COMMAND, live.current()))
      expect([run.text, run.terminal.type]).toEqual([ANSWER, 'RUN_FINISHED'])

      const file = await readAgentsFile(path, {})
      const { value: checked } = await checkAgents(file, file.agents, { folder, logger }).next()
      // What a check says is its own test's matter; here that it is asked, with these settings.
      const told = JSON.stringify([checked?.findings, lines])
      expect(checked?.findings.length).toBeGreaterThan(0)
      for (const secret of agentCase.secrets) expect(told).not.toContain(secret)
      expect(told).not.toContain('The check itself failed')
    },
  )

  it('has a case for every type that has a platform', () => {
    const types = CASES.map(({ type }) => type)
    expect(Object.keys(AGENT_TYPES).filter((type) => !types.includes(type))).toEqual(['module', 'demo'])
  })
})
