import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { optionalPackage } from './optional-package.ts'

export interface DuckDb {
  connection: DuckDBConnection
  /** Idempotent. */
  close(): void
}

/**
 * A database in memory. It reads no settings of the user's and loads no extension from the network.
 * @throws RunnerError PACKAGE_MISSING
 */
export const openDuckDb = async (): Promise<DuckDb> => {
  const { DuckDBInstance } = await optionalPackage('@duckdb/node-api', () => import('@duckdb/node-api'))
  const instance: DuckDBInstance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    preserve_insertion_order: 'true',
  })
  const connection = await instance.connect()
  let open = true
  return {
    connection,
    close: () => {
      if (!open) return
      open = false
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** A text as SQL has it. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`
