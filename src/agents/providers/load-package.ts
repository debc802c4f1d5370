import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RunnerError } from '../../errors.ts'

/** What makes models: what AI SDK's packages have in common. */
export interface ModelSource {
  languageModel(modelId: string): object
}

type Factory = (options: Record<string, unknown>) => ModelSource

/**
 * The factory of an AI SDK provider that is installed beside this library, or where the process was started.
 * @throws RunnerError PACKAGE_MISSING, CONFIG_INVALID
 */
export const loadFactory = async (name: string, exported?: string): Promise<Factory> => {
  const module = await load(name)
  const makers = Object.keys(module).filter(
    (key) => /^create[A-Z]/.test(key) && typeof module[key] === 'function',
  )
  const key = exported ?? (makers.length === 1 ? makers[0] : undefined)
  const factory = key === undefined ? undefined : module[key]
  if (typeof factory === 'function') return factory as Factory
  throw new RunnerError(
    'CONFIG_INVALID',
    key === undefined
      ? `The package "${name}" has ${makers.length === 0 ? 'no export' : `${makers.length} exports`} that could make a provider. Name one as factory: ${makers.join(', ') || 'see its documentation'}.`
      : `The package "${name}" exports no function "${key}". Name another as factory: ${makers.join(', ') || 'see its documentation'}.`,
  )
}

const load = async (name: string): Promise<Record<string, unknown>> => {
  try {
    return await import(name)
  } catch (error) {
    if (!isMissing(error, name)) throw error
  }
  try {
    const require = createRequire(join(process.cwd(), 'resolve.js'))
    return await import(pathToFileURL(require.resolve(name)).href)
  } catch (error) {
    if (!isMissing(error, name)) throw error
    throw new RunnerError(
      'PACKAGE_MISSING',
      `A chat provider needs the package "${name}", which is not installed. Install it: npm install ${name}`,
      { cause: error },
    )
  }
}

/** Not one that the package itself misses. */
const isMissing = (error: unknown, name: string): boolean => {
  const { code, message = '' } = error as NodeJS.ErrnoException
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(`'${name}'`)
}
