import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openDuckDb } from '../analytics/duckdb.ts'
import { parquetOf, withoutHalves } from './parquet.ts'

export interface ExportFileOptions {
  /** Whether the text is JSON lines that are to become a Parquet file. */
  parquet: boolean
  /** Ends it before its end. */
  signal: AbortSignal
  /** Asked when the text is through: without it no file is made. */
  keep(): boolean
}

/**
 * Writes an export to a file, which is there only when it is whole.
 * @throws RunnerError PACKAGE_MISSING for Parquet, before anything is read; AbortError when it was ended
 */
export const exportFile = async (
  text: AsyncIterable<string>,
  out: string,
  { parquet, signal, keep }: ExportFileOptions,
): Promise<void> => {
  if (parquet) (await openDuckDb()).close()
  const lines = `${out}.part`
  const table = `${out}.parquet.part`
  try {
    await pipeline(Readable.from(parquet ? wellFormed(text) : text), createWriteStream(lines), { signal })
    if (!keep()) return
    if (parquet) await parquetOf(lines, table)
    await rename(parquet ? table : lines, out)
  } finally {
    await Promise.all([rm(lines, { force: true }), rm(table, { force: true })])
  }
}

async function* wellFormed(text: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const piece of text) yield withoutHalves(piece)
}
