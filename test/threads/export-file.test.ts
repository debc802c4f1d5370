import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it, onTestFinished } from 'vitest'
import { exportFile } from '../../src/threads/export-file.ts'

const useFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'kar-export-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const lineOf = (delta: string, seq: number) =>
  `${JSON.stringify({ threadId: 't', runId: 'r', agentId: 'a', seq, time: null, type: 'X', event: { type: 'X', delta } })}\n`

it('a Parquet file takes any text, and is another after a second export', async () => {
  const out = join(useFolder(), "it's.parquet")
  const deltas = ['\ud83d', '\ude00', '\u0000', '\\ud83d', '\\\\', '"\'\n', '\u{1f600}']
  async function* text() {
    yield lineOf('before', 1)
  }
  async function* others() {
    yield deltas.map((delta, at) => lineOf(delta, at + 1)).join('')
  }
  const options = { parquet: true, signal: new AbortController().signal, keep: () => true }
  await exportFile(text(), out, options)
  await exportFile(others(), out, options)
  const database = await DuckDBInstance.create(':memory:')
  const connection = await database.connect()
  const found = await connection.runAndReadAll(
    `SELECT event, "time" FROM '${out.replaceAll("'", "''")}' ORDER BY seq`,
  )
  const rows = found.getRows()
  expect(rows.map(([event]) => JSON.parse(String(event)).delta)).toEqual(
    deltas.map((delta) => delta.toWellFormed()),
  )
  expect(rows.map(([, time]) => time)).toEqual(rows.map(() => null))
  connection.closeSync()
  database.closeSync()
})

it('leaves nothing where it fails or is ended, and what was there as it was', async () => {
  const folder = useFolder()
  const out = join(folder, 'out.jsonl')
  const stopping = new AbortController()
  async function* failing() {
    yield lineOf('a', 1)
    throw new Error('the brokers went away')
  }
  async function* endless() {
    for (let seq = 1; ; seq += 1) {
      if (seq === 100) stopping.abort()
      yield lineOf('a', seq)
    }
  }
  const options = { parquet: false, signal: stopping.signal, keep: () => true }
  await expect(exportFile(failing(), out, options)).rejects.toThrow('went away')
  await expect(exportFile(endless(), out, options)).rejects.toThrow()
  expect([existsSync(out), readdirSync(folder)]).toEqual([false, []])
})
