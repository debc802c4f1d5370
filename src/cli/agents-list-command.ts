import type { Command } from 'commander'
import type { AgentEntry } from '../agents/config/agent-entry.ts'
import type { AgentsFile } from '../agents/config/file.ts'
import { type Agents, definitionOf } from '../worker/agents.ts'
import { type AgentsFlags, addAgentsFlags, configuredAgents } from './configured-agents.ts'
import { printTable } from './table.ts'

export const addAgentsListCommand = (program: Command): void => {
  const command = program
    .command('ls')
    .description('show the agents, by their configuration alone')
    .addHelpText('after', HELP)
    .action(list)
  addAgentsFlags(command)
}

interface Row {
  id: string
  type: string
  enabled: boolean
  default: boolean
  pool?: string
  where: string
  [more: string]: unknown
}

const list = async (flags: AgentsFlags): Promise<void> => {
  const configured = await configuredAgents(flags)
  const rows = 'file' in configured ? await rowsOf(configured.file) : rowsOfModule(configured)
  if (flags.json) for (const row of rows) console.log(JSON.stringify(row))
  else
    printTable(
      ['ID', 'TYPE', 'ENABLED', 'DEFAULT', 'POOL', 'WHERE'],
      rows.map(({ id, type, enabled, default: isDefault, pool = '', where }) => [
        id,
        type,
        enabled ? 'yes' : 'no',
        isDefault ? 'yes' : '',
        pool,
        where,
      ]),
    )
}

const rowsOf = async ({ agents }: AgentsFile): Promise<Row[]> => {
  const [{ AGENT_TYPES }, { entrySchemaOf, isCommon }, { masked }] = await Promise.all([
    import('../agents/config/types.ts'),
    import('../agents/config/schema.ts'),
    import('../agents/config/masked.ts'),
  ])
  return agents.map((agent: AgentEntry): Row => {
    const {
      id,
      type,
      enabled,
      default: isDefault,
      pool,
      on_worker_lost,
      description,
      settings,
      written,
    } = agent
    const own = Object.fromEntries(Object.entries(written).filter(([field]) => !isCommon(field)))
    return {
      id,
      type,
      enabled,
      default: isDefault,
      ...(pool !== undefined && { pool }),
      on_worker_lost,
      ...(description !== undefined && { description }),
      where: settings === undefined ? '' : AGENT_TYPES[type]!.where(settings),
      settings: masked(own, entrySchemaOf(type) ?? {}),
    }
  })
}

const rowsOfModule = ({ agents, where }: { agents: Agents; where: string }): Row[] =>
  Object.entries(agents).map(([id, source]) => {
    const { pool } = definitionOf(source)
    return { id, type: 'code', enabled: true, default: false, ...(pool !== undefined && { pool }), where }
  })

const HELP = `
With --json also the settings as they are written: what is secret, or may be, is shown as "…", and variables by
their names.

Examples:
  $ kar agents ls
  $ kar agents ls --agents ./other.yaml
  $ kar agents ls --json | jq -r 'select(.enabled).id'`
