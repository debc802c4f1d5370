import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { CommandLineConfig } from '../config.ts'

/** The folder of the embedded broker's data and of the file that tells where it listens. */
export const dataDirOf = (
  { dataDir }: Pick<CommandLineConfig, 'dataDir'>,
  env: NodeJS.ProcessEnv,
): string => {
  if (dataDir !== undefined) return resolve(dataDir)
  const xdg = env.XDG_DATA_HOME
  // The XDG rules: a relative path is invalid and to be ignored.
  const base = xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.local', 'share')
  return join(base, 'kafka-agent-runner')
}

/** The broker wants a folder that holds nothing else. */
export const brokerDirOf = (dataDir: string): string => join(dataDir, 'broker')

/** A path as people write it. */
export const tilde = (path: string): string =>
  path === homedir() || path.startsWith(`${homedir()}/`) ? `~${path.slice(homedir().length)}` : path
