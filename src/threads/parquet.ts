import { openDuckDb, sqlText } from '../analytics/duckdb.ts'

/** An event's JSON is a megabyte at most; its line has a little more. */
const LINE_BYTES_MAX = 16 * 1024 * 1024

/**
 * Makes a Parquet file of an export's JSON lines: thread_id, run_id, agent_id, seq, time, type, event (its JSON).
 * @throws RunnerError PACKAGE_MISSING
 */
export const parquetOf = async (lines: string, out: string): Promise<void> => {
  const { connection, close } = await openDuckDb()
  try {
    await connection.run(`
      COPY (
        SELECT "threadId" AS thread_id, "runId" AS run_id, "agentId" AS agent_id, seq,
               epoch_ms("time") AS "time", "type", CAST("event" AS VARCHAR) AS "event"
        FROM read_json(${sqlText(lines)}, format = 'newline_delimited', maximum_object_size = ${LINE_BYTES_MAX},
          columns = {"threadId": 'VARCHAR', "runId": 'VARCHAR', "agentId": 'VARCHAR', "seq": 'BIGINT',
                     "time": 'BIGINT', "type": 'VARCHAR', "event": 'JSON'})
      ) TO ${sqlText(out)} (FORMAT parquet, COMPRESSION zstd)`)
  } finally {
    close()
  }
}

/**
 * Halves of surrogate pairs become U+FFFD, as in any UTF-8: an agent's deltas may cut a character in two, and DuckDB
 * refuses their escapes. JSON.stringify escapes halves alone, never whole pairs.
 */
export const withoutHalves = (json: string): string =>
  json.replace(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, (found) => (found === '\\\\' ? found : '\ufffd'))
