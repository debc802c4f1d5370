import { expect, it } from 'vitest'
import { type CheckedAgent, checkAgents } from '../../../src/agents/config/check-agents.ts'
import { parseAgentsFile } from '../../../src/agents/config/file.ts'
import { useFake } from '../suite/fake-server.ts'
import { useLog } from './support.ts'

it('looks at agents side by side, and not for longer than the limit', async () => {
  const silent = await useFake(({ closed }) => closed)
  const entry = (id: string) => `  ${id}: { type: ag-ui, url: "${silent.url}/" }`
  const text = `agents:\n${['a', 'b', 'c'].map(entry).join('\n')}\n  d: { type: demo }\n`
  const file = await parseAgentsFile('agents.yaml', text, {})
  const checked: CheckedAgent[] = []
  const from = performance.now()
  for await (const each of checkAgents(file, file.agents, {
    folder: '.',
    logger: useLog().logger,
    limitMs: 300,
  }))
    checked.push(each)
  expect(performance.now() - from).toBeLessThan(2_000)
  expect(checked.map(({ agent, findings }) => [agent.id, findings[0]?.result.ok])).toEqual([
    ['a', false],
    ['b', false],
    ['c', false],
    ['d', true],
  ])
  expect(checked[0]?.findings).toMatchObject([{ result: { problem: expect.stringContaining('0.3 s') } }])
  // What was asked is let go.
  await Promise.all(silent.requests.map(({ closed }) => closed))
})
