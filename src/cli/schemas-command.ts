import type { Command } from 'commander'
import { optionsFromEnv, registryConfig } from '../config.ts'
import { RunnerError } from '../errors.ts'
import { createRegistryApi } from '../schema/registry-api.ts'
import {
  COMPATIBILITY,
  checkSubjects,
  incompatible,
  isWeak,
  registerSubjects,
  type Subject,
} from '../schema/subjects.ts'
import { EXIT } from './exit-code.ts'
import { printTable } from './table.ts'
import { KAR, note } from './terminal.ts'

interface SchemasFlags {
  prefix?: string
  json?: boolean
}

export const addSchemasCommand = (program: Command): void => {
  const schemas = program
    .command('schemas')
    .description("the shared topics' schemas in a registry")
    .helpCommand(false)
    .addHelpText('after', HELP)
  const check = schemas
    .command('check')
    .description('compare the schemas of this version with what the registry has; changes nothing')
    .addHelpText('after', CHECK_HELP)
    .action(async (flags: SchemasFlags) => {
      process.exitCode = await checkSchemas(flags)
    })
  const register = schemas
    .command('register')
    .description('register the schemas of this version')
    .addHelpText('after', REGISTER_HELP)
    .action(async (flags: SchemasFlags) => {
      process.exitCode = await registerSchemas(flags)
    })
  for (const command of [check, register]) {
    command
      .option('--prefix <name>', "start of the topics' names, and so of the subjects' (KAR_PREFIX)")
      .option('--json', 'as JSON')
  }
}

const checkSchemas = async (flags: SchemasFlags): Promise<number> => {
  const { api, prefix } = registryOf(flags)
  const subjects = await checkSubjects(api, prefix)
  show(subjects, flags)
  const refused = subjects.filter(({ state }) => state === 'incompatible')
  if (refused.length > 0) throw incompatible(refused)
  if (subjects.every(({ state }) => state === 'registered')) return EXIT.ok
  note(`Register what is missing: ${KAR} schemas register${prefixFlag(flags)}`)
  return EXIT.failed
}

const registerSchemas = async (flags: SchemasFlags): Promise<number> => {
  const { api, prefix } = registryOf(flags)
  const subjects = await registerSubjects(api, prefix)
  show(subjects, flags)
  const count = subjects.filter(({ done }) => done).length
  note(
    count === 0
      ? 'All were registered before.'
      : `Registered ${count} ${count === 1 ? 'schema' : 'schemas'} at ${api.address.url}.`,
  )
  return EXIT.ok
}

const registryOf = ({ prefix: named }: SchemasFlags) => {
  const { kafka: _, ...env } = optionsFromEnv(process.env, 'registry')
  if (env.schemaRegistry === undefined) {
    throw new RunnerError(
      'CONFIG_INVALID',
      'No schema registry is known. Set SCHEMA_REGISTRY_URL to its address, up to where /subjects begins.',
    )
  }
  const { schemaRegistry, prefix } = registryConfig({ ...env, ...(named !== undefined && { prefix: named }) })
  return { api: createRegistryApi(schemaRegistry), prefix }
}

const prefixFlag = ({ prefix }: SchemasFlags): string => (prefix === undefined ? '' : ` --prefix ${prefix}`)

const show = (subjects: Subject[], { json }: SchemasFlags): void => {
  if (json) console.log(JSON.stringify(subjects))
  else printSubjects(subjects)
  for (const subject of subjects.filter(isWeak)) {
    note(
      `"${subject.subject}" demands ${subject.compatibility} only; ${COMPATIBILITY} keeps all its records readable. ` +
        'The registry is where to change that.',
    )
  }
}

const STATES = {
  registered: 'registered',
  new: 'not registered',
  compatible: 'not registered, compatible',
  incompatible: 'INCOMPATIBLE',
} satisfies Record<Subject['state'], string>

const printSubjects = (subjects: Subject[]): void => {
  const rows = subjects.map(({ subject, state, id, version, compatibility, done }) => [
    subject,
    done ? 'registered now' : STATES[state],
    String(version ?? '-'),
    String(id ?? '-'),
    compatibility,
  ])
  printTable(['SUBJECT', 'STATE', 'VERSION', 'ID', 'COMPATIBILITY'], rows)
}

const HELP = `
The registry is at SCHEMA_REGISTRY_URL, which has Confluent's API. Nothing but "register" ever changes it.

Examples:
  $ kar schemas check
  $ kar schemas register`

const CHECK_HELP = `
Exits with 0 when all are registered, 1 when some are still to be registered, 2 when the registry would refuse one,
3 when it does not answer.

Examples:
  $ kar schemas check
  $ kar schemas check --json | jq -r '.[] | select(.state != "registered").subject'
  $ SCHEMA_REGISTRY_URL=https://registry.example.com kar schemas check --prefix staging`

const REGISTER_HELP = `
Registers nothing at all when the registry would refuse one of them. A new subject gets the compatibility
${COMPATIBILITY}; that of an existing one stays. May be repeated.

Examples:
  $ kar schemas register
  $ kar schemas register --prefix staging`
