import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { messageOf, RunnerError } from '../errors.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import { SCHEMA, SCHEMA_VERSION } from './schema.ts'
import type { ViewPlace } from './view-place.ts'

/** What a view shows. Its offsets mean nothing elsewhere. */
export interface ViewIdentity {
  prefix: string
  clusterId: string
  /** Of the topics that are read. */
  topicIds: string[]
}

/** Marks the file as ours, so that no other program's database is ever written to. */
const APPLICATION_ID = 0x6b617276
/** Processes that share a folder; each has a file of its own. */
const FILES_MAX = 10
const MEMORY = ':memory:'
const SQLITE = { BUSY: 5, CORRUPT: 11, NOT_A_DATABASE: 26 } as const

/**
 * Opens the view's database for this process alone, and creates it where there is none.
 * @throws RunnerError VIEW_MISMATCH, VIEW_UNAVAILABLE
 */
export const openDatabase = async (
  place: ViewPlace,
  identity: ViewIdentity,
  logger: Logger = stderrLogger,
): Promise<DatabaseSync> => {
  // Loaded here: who has no view need not load it, nor see that Node calls it experimental.
  const { DatabaseSync } = await import('node:sqlite')
  const open = (path: string): DatabaseSync => {
    const database = connect(DatabaseSync, path)
    try {
      prepare(database, path, identity)
      return database
    } catch (error) {
      database.close()
      throw named(error, path)
    }
  }
  const { folder, path = MEMORY } = place
  if (folder === undefined) return open(path)
  try {
    return openInFolder(folder, identity, open)
  } catch (error) {
    logger.warn(`The list of threads is kept in memory, and read anew at the next start: ${messageOf(error)}`)
    return open(MEMORY)
  }
}

const connect = (Database: typeof DatabaseSync, path: string): DatabaseSync => {
  try {
    if (path === MEMORY) return new Database(path)
    mkdirSync(dirname(path), { recursive: true })
    // What people said to agents: for this user alone. An existing file keeps its mode.
    closeSync(openSync(path, 'a', 0o600))
    return new Database(path)
  } catch (error) {
    throw named(error, path)
  }
}

/** The first file that no other process has. One of topics that are gone is made anew: it is ours alone. */
const openInFolder = (
  folder: string,
  { prefix, clusterId }: ViewIdentity,
  open: (path: string) => DatabaseSync,
): DatabaseSync => {
  for (let number = 1; ; number += 1) {
    const path = join(folder, `${prefix}.${clusterId}${number === 1 ? '' : `.${number}`}.sqlite`)
    try {
      return open(path)
    } catch (error) {
      if (!(error instanceof RunnerError)) throw error
      if (error.code === 'VIEW_MISMATCH') {
        for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
        return open(path)
      }
      if (!isBusy(error.cause) || number === FILES_MAX) throw error
    }
  }
}

const prepare = (database: DatabaseSync, path: string, identity: ViewIdentity): void => {
  const pragma = (name: string) => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0])
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_master').get() as {
    tables: number
  }
  const isOurs = pragma('application_id') === APPLICATION_ID
  if (tables > 0 && !isOurs) throw mismatch(path, 'it is another program’s database')
  // Two that write would apply each other's records twice. Held until it is closed, or its process ends.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  // The file is synced at a checkpoint alone: after a crash of the machine it is older, and whole. Not after
  // every 4 MB, or the disk would set the pace. In pages of 4 kB, and in kB.
  database.exec('PRAGMA wal_autocheckpoint = 8192; PRAGMA cache_size = -32000')
  // What was deleted is to be gone from the file.
  database.exec('PRAGMA secure_delete = ON')
  database.exec('BEGIN EXCLUSIVE')
  try {
    if (tables === 0) {
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`)
      database.exec(SCHEMA)
      database.prepare('INSERT INTO identity VALUES (?)').run(textOf(identity))
    } else if (pragma('user_version') !== SCHEMA_VERSION) {
      throw mismatch(path, 'another version of this library made it')
    }
    const found = database.prepare('SELECT identity FROM identity').get()?.identity
    if (found !== textOf(identity)) throw mismatch(path, `it shows ${found}, not ${textOf(identity)}`)
  } finally {
    database.exec('COMMIT')
  }
}

const textOf = ({ prefix, clusterId, topicIds }: ViewIdentity): string =>
  `prefix ${prefix} of cluster ${clusterId} (topics ${topicIds.join(', ')})`

const mismatch = (path: string, why: string): RunnerError =>
  new RunnerError(
    'VIEW_MISMATCH',
    `The view's file ${path} cannot be used: ${why}. Name another file, or remove this one: a view is made anew from Kafka.`,
  )

const codeOf = (error: unknown): unknown => (error as { errcode?: unknown } | undefined)?.errcode

const isBusy = (error: unknown): boolean => codeOf(error) === SQLITE.BUSY

const named = (error: unknown, path: string): unknown => {
  if (error instanceof RunnerError) return error
  const isDamaged = codeOf(error) === SQLITE.CORRUPT || codeOf(error) === SQLITE.NOT_A_DATABASE
  const why = isBusy(error)
    ? 'another process has it open. Name another file for this one'
    : isDamaged
      ? `${messageOf(error)}. Remove it if it is this library's: a view is made anew from Kafka`
      : messageOf(error)
  return new RunnerError('VIEW_UNAVAILABLE', `The view's file ${path} cannot be opened: ${why}.`, {
    cause: error,
  })
}
