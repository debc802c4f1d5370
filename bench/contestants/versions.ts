import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'

/** Of packages that this folder or the project installs. */
export const versionsOf = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, versionOf(name)]))

const versionOf = (name: string): string => {
  try {
    return JSON.parse(readFileSync(String(findPackageJSON(name, import.meta.url)), 'utf8')).version
  } catch (error) {
    throw new Error(`${name} is not installed. Run "npm ci" in bench/.`, { cause: error })
  }
}
