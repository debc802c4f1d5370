import { existsSync, readdirSync, rmSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TABLE_NAMES } from './tables.ts'

export const DRAFT = '.draft'

/**
 * Gives drafts their names once all of them are on disk: a crash, of the machine too, leaves each whole or not at
 * all. `paths` are the names, within the folder.
 */
export const finishFiles = async (folder: string, paths: readonly string[]): Promise<void> => {
  const targets = paths.map((path) => join(folder, path))
  await Promise.all(targets.map((target) => sync(target + DRAFT)))
  await Promise.all(targets.map((target) => rename(target + DRAFT, target)))
  // The names too: of the files, of their days, of their tables.
  const days = targets.map((target) => dirname(target))
  const folders = new Set([...days, ...days.map((day) => dirname(day)), folder])
  await Promise.all([...folders].map(sync))
}

const sync = async (path: string): Promise<void> => {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Removes what a crash left: files and drafts of the tables that nobody knows. Gives their number. */
export const removeUnknown = (folder: string, known: ReadonlySet<string>): number => {
  const unknown = TABLE_NAMES.filter((table) => existsSync(join(folder, table)))
    .flatMap((table) =>
      readdirSync(join(folder, table), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(table, name),
      ),
    )
    .filter((path) => /\.parquet(\.draft)?$/.test(path) && !known.has(path))
  for (const path of unknown) rmSync(join(folder, path), { force: true })
  return unknown.length
}
