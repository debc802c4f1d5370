import { appendFileSync, readFileSync } from 'node:fs'

/** What really happened in a worker, told beside the log: an agent began, or was done. */
export interface JournalLine {
  what: 'start' | 'end'
  /** Of this execution: a run that is executed twice has two. */
  execution: string
  threadId: string
  runId: string
  workerId: string
  /** Milliseconds since 1970; all processes are on one machine. */
  time: number
  /** Numbered deltas that the agent gave away, at the end. */
  deltas?: number
}

/** One write per line, which the system appends whole: many processes write the one file. */
export const writeJournal = (file: string, line: JournalLine): void => {
  appendFileSync(file, `${JSON.stringify(line)}\n`)
}

export const readJournal = (file: string): JournalLine[] => {
  const text = readFileSync(file, 'utf8')
  // A writer that was killed in its write leaves a line without an end, if any.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalLine)
}
