import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

export const AGENTS_FILE = 'agents.yaml'

export const isAgentsFile = (name: string): boolean => /\.ya?ml$/i.test(name)

/** The agents file or module that was named; else the agents.yaml of the working folder; else none: the demo. */
export const agentsSource = (named: string | undefined): string | undefined =>
  named ?? (existsSync(resolve(AGENTS_FILE)) ? AGENTS_FILE : undefined)
