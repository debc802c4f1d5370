import type { Ingest } from '../analytics/ingest.ts'
import { durationOf, numberOf } from './table.ts'

/** On a terminal one line that changes; elsewhere a line now and then. */
const TERMINAL_MS = 250
const LINES_MS = 5_000
const BAR_WIDTH = 24

/** Shows how far a backfill is, until it is over. */
export const createProgressLine = (
  { backfill, added }: Pick<Ingest, 'backfill' | 'added'>,
  stream: NodeJS.WriteStream,
) => {
  let timer: NodeJS.Timeout | undefined
  let from = 0
  let shown = false
  const show = (): void => {
    const { over, ...way } = backfill.progress()
    if (way.total > 0 && !(over && !shown))
      print(progressText({ ...way, events: added().events, seconds: (performance.now() - from) / 1_000 }))
    if (over) stop()
  }
  const print = (text: string): void => {
    shown = true
    stream.write(stream.isTTY ? `\r\u001b[K${text}` : `${text}\n`)
  }
  const stop = (): void => {
    if (timer === undefined) return
    clearInterval(timer)
    timer = undefined
    if (shown && stream.isTTY) stream.write('\n')
  }
  return {
    start: (): void => {
      from = performance.now()
      timer = setInterval(show, stream.isTTY ? TERMINAL_MS : LINES_MS)
    },
    /** Idempotent. */
    stop: (): void => {
      if (timer !== undefined) show()
      stop()
    },
  }
}

export interface Way {
  /** Records. */
  read: number
  total: number
  /** Events of the runs that were read. */
  events: number
  seconds: number
}

export const progressText = ({ read, total, events, seconds }: Way): string => {
  const share = total === 0 ? 1 : read / total
  const full = Math.round(share * BAR_WIDTH)
  const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full)
  const rate = Math.round(events / Math.max(seconds, 0.001))
  const left = read === 0 ? undefined : ((total - read) / read) * seconds
  const eta = left === undefined ? '' : left < 1 ? ', done' : `, ${durationOf(left * 1_000)} left`
  return `${bar} ${Math.floor(share * 100)}% ${numberOf(read)} of ${numberOf(total)} records, ${numberOf(rate)} events/s${eta}`
}
