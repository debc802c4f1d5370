import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf } from '../../errors.ts'

/**
 * What a module exports, by its name. A path counts from the folder; another name is a package that is installed
 * there.
 * @throws Error whose message says what is wrong, without a dot
 */
export const importModule = async (name: string, folder: string): Promise<Record<string, unknown>> => {
  const url = locate(name, folder)
  try {
    return await import(url)
  } catch (error) {
    throw new Error(`loading it failed: ${messageOf(error)}`, { cause: error })
  }
}

const locate = (name: string, folder: string): string => {
  if (name.startsWith('file:')) return name
  const path = resolve(folder, name)
  if (existsSync(path)) return pathToFileURL(path).href
  if (/^[./]/.test(name)) throw new Error(`there is no file ${path}`)
  try {
    return pathToFileURL(createRequire(join(resolve(folder), 'resolve.js')).resolve(name)).href
  } catch (error) {
    throw new Error(`there is neither a file ${path} nor a package "${name}"`, { cause: error })
  }
}

/** What keeps a value from being an agent, or a function that makes one; undefined where nothing does. */
export const makerProblem = (source: unknown): string | undefined => {
  if (typeof source === 'function') {
    const isClass = /^class\b/.test(Function.prototype.toString.call(source))
    return isClass ? 'a class; register an instance, or a function that makes one: () => new …' : undefined
  }
  return isAgent(source)
    ? undefined
    : `${kindOf(source)}, neither an AbstractAgent nor a function that makes one`
}

/** By what it can do, not by its class: a user's @ag-ui/client may be another copy than ours. */
export const isAgent = (value: unknown): boolean => {
  const agent = value as Partial<Record<'run' | 'runAgent' | 'clone', unknown>> | null | undefined
  return [agent?.run, agent?.runAgent, agent?.clone].every((method) => typeof method === 'function')
}

export const kindOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'an array'
      : typeof value === 'object'
        ? 'an object'
        : typeof value
