import type { AbstractAgent } from '@ag-ui/client'
import type { Command } from 'commander'
import type { AgentEntry } from '../agents/config/agent-entry.ts'
import type { Finding } from '../agents/config/agent-type.ts'
import type { CheckedAgent } from '../agents/config/check-agents.ts'
import type { AgentsFile } from '../agents/config/file.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { stderrLogger } from '../logger.ts'
import { type AgentSource, type Agents, definitionOf } from '../worker/agents.ts'
import { type AgentsFlags, addAgentsFlags, configuredAgents } from './configured-agents.ts'
import { EXIT } from './exit-code.ts'
import { printable, style } from './terminal.ts'

/** One line of the answer, and one JSON object. */
interface Line {
  id: string
  part?: string
  status: 'ok' | 'problem' | 'disabled'
  detail?: string
  problem?: string
  fix?: string
}

export const addAgentsCheckCommand = (program: Command): void => {
  const command = program
    .command('check')
    .description('reach what the agents need, and say what is wrong')
    .argument('[id]', 'only this agent')
    .addHelpText('after', HELP)
    .action(async (id: string | undefined, flags: AgentsFlags) => {
      const print = flags.json ? (line: Line) => console.log(JSON.stringify(line)) : printLine
      let failed = false
      for await (const line of linesOf(id, flags)) {
        print(line)
        failed ||= line.status === 'problem'
      }
      process.exitCode = failed ? EXIT.failed : EXIT.ok
    })
  addAgentsFlags(command)
}

async function* linesOf(id: string | undefined, flags: AgentsFlags): AsyncGenerator<Line> {
  const configured = await configuredAgents(flags)
  if (!('file' in configured)) {
    const { agents, where } = configured
    yield* await Promise.all(idsOf(Object.keys(agents), id, where).map((each) => lineOfCode(each, agents)))
    return
  }
  const { file, folder } = configured
  const { checkAgents } = await import('../agents/config/check-agents.ts')
  const checked = checkAgents(file, chosen(file, id), { folder, logger: stderrLogger })
  for await (const each of checked) yield* linesOfAgent(each)
}

/** "default" is a name of the agent that is it. */
const chosen = (file: AgentsFile, id: string | undefined): AgentEntry[] => {
  const isNamed = (agent: AgentEntry) =>
    agent.id === id || (id === 'default' && agent.enabled && agent.default)
  if (id !== undefined && file.agents.some(isNamed)) return file.agents.filter(isNamed)
  const ids = file.agents.map((agent) => agent.id)
  return idsOf(ids, id, file.path).map((each) => file.agents[ids.indexOf(each)]!)
}

/** @throws RunnerError CONFIG_INVALID */
const idsOf = (ids: string[], id: string | undefined, where: string): string[] => {
  if (id === undefined) return ids
  if (ids.includes(id)) return [id]
  throw new RunnerError(
    'CONFIG_INVALID',
    `There is no agent "${id}" in ${where}, which has ${ids.join(', ')}.`,
  )
}

const linesOfAgent = ({ agent: { id }, findings }: CheckedAgent): Line[] =>
  findings.length === 0
    ? [{ id, status: 'disabled', detail: 'not looked at' }]
    : findings.map((finding) => ({ id, ...lineOf(finding) }))

const lineOf = ({ part, result }: Finding): Omit<Line, 'id'> => {
  const { ok: _, ...told } = result
  return { ...(part !== undefined && { part }), status: result.ok ? 'ok' : 'problem', ...told }
}

/** Whether it can be made is all that can be told of an agent that is code. */
const lineOfCode = async (id: string, agents: Agents): Promise<Line> => {
  try {
    await made(agents[id]!)
    return { id, status: 'ok', detail: 'it can be made; what it needs itself was not tried' }
  } catch (error) {
    const fix = 'Correct its entry in the module.'
    return { id, status: 'problem', problem: `It cannot be made: ${messageOf(error)}`, fix }
  }
}

const made = async (source: AgentSource): Promise<AbstractAgent> => {
  const { agent } = definitionOf(source)
  return typeof agent === 'function' ? await agent() : agent
}

const COLOURS = { ok: 'green', problem: 'red', disabled: 'dim' } as const
const INDENT = ' '.repeat(10)

const printLine = ({ id, part, status, detail, problem, fix }: Line): void => {
  const name = part === undefined ? id : `${id}, ${part}`
  const said = printable(problem ?? detail ?? '').replaceAll('\n', `\n${INDENT}`)
  console.log(`${style(COLOURS[status], status.padEnd(8), process.stdout)}  ${name}: ${said}`)
  if (fix !== undefined) console.log(`${INDENT}${printable(fix).replaceAll('\n', `\n${INDENT}`)}`)
}

const HELP = `
Each platform is asked something that costs nothing, where its API has such a call: docs/agents.md. Agents are looked
at side by side, for 15 s each at most. Exits with 1 where something is wrong, and with 2 where the file is.

Examples:
  $ kar agents check
  $ kar agents check support
  $ kar agents check --json | jq 'select(.status == "problem")'`
