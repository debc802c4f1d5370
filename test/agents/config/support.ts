import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { parseAgentsFile } from '../../../src/agents/config/file.ts'
import { messageOf } from '../../../src/errors.ts'
import type { Logger } from '../../../src/logger.ts'

/** What is wrong with a file, line by line, without what every such message begins with. */
export const problemsIn = async (text: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> => {
  try {
    await parseAgentsFile('agents.yaml', text, env)
    return []
  } catch (error) {
    return messageOf(error)
      .replace(/^The agents file agents\.yaml is invalid:/, '')
      .trim()
      .split(/\n +/)
  }
}

/** Removed when the test is over. */
export const useFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'kar-agents-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** An agents.yaml in a folder of its own. */
export const useAgentsFile = async (text: string) => {
  const folder = await useFolder()
  const path = join(folder, 'agents.yaml')
  const write = (content: string) => writeFile(path, content)
  await write(text)
  return { folder, path, write }
}

export const useLog = () => {
  const lines: string[] = []
  const log = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`)
  const logger: Logger = { info: log, warn: log, error: log }
  return { lines, logger }
}
