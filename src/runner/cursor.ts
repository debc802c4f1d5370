import { RunnerError } from '../errors.ts'

/**
 * Where a reader of a thread stands: it has all events up to `seq`, and of the run that comes next, or goes
 * on there, the first `count` events of its run record. These may stand for events beyond others that are
 * still to come, so that no seq alone tells them.
 */
export interface Cursor {
  readonly seq: number
  readonly count: number
}

export const BEGINNING: Cursor = { seq: 0, count: 0 }

const SHAPE = /^(\d{1,15})(?:\.(\d{1,15}))?$/

/**
 * As it was printed, or a seq as a number. Undefined is the thread's beginning.
 * @throws RunnerError INPUT_INVALID
 */
export const parseCursor = (given: unknown): Cursor => {
  if (given === undefined) return BEGINNING
  // A number with a fraction is a cursor that someone parsed: 4.10 and 4.1 would be the same.
  const text = typeof given === 'string' || Number.isInteger(given) ? String(given) : ''
  const [, seq, count = '0'] = SHAPE.exec(text) ?? []
  if (seq === undefined) throw invalid(given)
  return { seq: Number(seq), count: Number(count) }
}

export const printCursor = ({ seq, count }: Cursor): string => (count === 0 ? `${seq}` : `${seq}.${count}`)

const invalid = (given: unknown): RunnerError =>
  new RunnerError(
    'INPUT_INVALID',
    `${JSON.stringify(given)} is no cursor. A cursor is a seq, such as 57, or the text that came with an event, ` +
      'such as "40.3", unchanged.',
  )

export const cursorUnknown = (cursor: Cursor, end: number): RunnerError =>
  new RunnerError(
    'CURSOR_UNKNOWN',
    `The thread, which ends at ${end}, never gave the cursor ${printCursor(cursor)}. It is another thread's, or the ` +
      'thread was deleted and begun anew: connect without a cursor, and forget what was read.',
  )
