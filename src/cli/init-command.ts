import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { messageOf, RunnerError } from '../errors.ts'
import { AGENTS_FILE } from '../serve/agents-source.ts'
import { KAR, note, quoted } from './terminal.ts'

export const addInitCommand = (program: Command): void => {
  program
    .command('init')
    .description('write an agents.yaml with an example of each type of agent')
    .argument('[folder]', 'where to', '.')
    .option('--force', 'write over the one that is there')
    .addHelpText('after', HELP)
    .action(async (folder: string, { force = false }: { force?: boolean }) => {
      const path = join(folder, AGENTS_FILE)
      const { exampleAgentsFile } = await import('../agents/config/example.ts')
      await write(path, exampleAgentsFile(schemaFor(folder)), force)
      console.log(`Wrote ${path}.`)
      note(nextSteps(folder, path))
    })
}

const write = async (path: string, text: string, force: boolean): Promise<void> => {
  try {
    await mkdir(dirname(resolve(path)), { recursive: true })
    // In one step, so that no other file that comes up meanwhile is lost.
    await writeFile(path, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST' && existsSync(path)
    throw new RunnerError(
      'CONFIG_INVALID',
      isThere
        ? `${path} is there already, and was left alone. --force writes over it.`
        : `${path} cannot be written: ${messageOf(error)}.`,
      { cause: error },
    )
  }
}

/** The schema that came with this package, as the file's folder sees it. */
const schemaFor = (folder: string): string => {
  const path = join(dirname(findPackageJSON(import.meta.url) ?? '.'), 'schemas', 'agents-yaml.json')
  const way = relative(resolve(folder), path)
  return isAbsolute(way) || way.startsWith('.') ? way : `./${way}`
}

const nextSteps = (folder: string, path: string): string => {
  const isHere = resolve(folder) === process.cwd()
  const named = isHere ? '' : ` --agents ${quoted(path)}`
  return [
    'The demo is on, and one agent of each other type is there to be edited.',
    '',
    `  1. Switch on what you have (enabled: true), and set the variables that it names, as DIFY_API_KEY.`,
    `  2. ${KAR} agents check${named}`,
    `  3. ${KAR} serve${named}`,
    `  4. In another terminal: ${KAR} run "Hello", or with --agent <id>`,
    '',
    'Changes of the file count from the next run on. Add it to your repository: keys are in variables, not in it.',
  ].join('\n')
}

const HELP = `
Examples:
  $ kar init
  $ kar init ./deploy
  $ kar init --force`
