import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { RunnerError } from '../errors.ts'

/**
 * Holds a folder for this process until it is closed or the process is gone: SQLite's lock on a file of its own,
 * which the system takes back from the dead.
 * @throws RunnerError DATA_DIR_IN_USE
 */
export const lockFolder = (folder: string): { release(): void } => {
  const database = new DatabaseSync(join(folder, 'lock.sqlite'))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw new RunnerError(
      'DATA_DIR_IN_USE',
      `Another "kar analytics ingest" writes into ${folder}. Stop that one, or give this one a folder of its own: --dir.`,
      { cause: error },
    )
  }
  return { release: () => database.close() }
}
