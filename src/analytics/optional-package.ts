import { RunnerError } from '../errors.ts'

/**
 * A package that only some commands need and that is not installed with this one.
 * @throws RunnerError PACKAGE_MISSING, which says how to install it
 */
export const optionalPackage = async <T>(name: string, load: () => Promise<T>): Promise<T> => {
  try {
    return await load()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new RunnerError(
      'PACKAGE_MISSING',
      `This needs the package "${name}", which is not installed with kafka-agent-runner. Install it: npm install ${name}`,
      { cause: error },
    )
  }
}
