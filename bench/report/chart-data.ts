import type { Result, Row } from './result.ts'
import { peersOf } from './table.ts'

export interface Contestant {
  name: string
  color: string
  /** In a row's spread. */
  key: string
  value(row: Row): number | null | undefined
}

const PEER_COLORS = ['#d9a05b', '#7fb08a', '#b48cc2', '#cf8a8a', '#6fb3b8', '#b5a642', '#9c8468']
/** Beyond this factor the lesser values of a linear axis cannot be told apart. */
const LINEAR_SPAN_MAX = 20

export const contestantsOf = (result: Result): Contestant[] => {
  const floor: Contestant = {
    name: 'floor: bare Kafka client',
    color: '#8b929a',
    key: 'floor',
    value: (row) => row.floor,
  }
  return [
    { name: 'ours', color: '#1f6feb', key: 'ours', value: (row) => row.ours },
    ...(result.rows.some((row) => row.floor !== undefined) ? [floor] : []),
    ...peersOf(result).map((label, at) => ({
      name: label,
      color: PEER_COLORS[at % PEER_COLORS.length]!,
      key: label,
      value: (row: Row) => row.peers[label],
    })),
  ]
}

/** Median, row, least and greatest round. */
export type Point = [median: number, row: number, least: number, greatest: number]

export const pointsOf = ({ value, key }: Contestant, rows: Row[]): Point[] =>
  rows.flatMap((row, at): Point[] => {
    const median = value(row)
    if (typeof median !== 'number') return []
    const [least, greatest] = row.spread[key] ?? [median, median]
    return [[median, at, least, greatest]]
  })

/** Whole powers of ten. Undefined where a linear axis will do. */
export const logarithmicRange = (points: Point[]): { min: number; max: number } | undefined => {
  const medians = points.map(([median]) => median)
  const least = Math.min(...medians)
  if (!(least > 0 && Math.max(...medians) / least > LINEAR_SPAN_MAX)) return undefined
  const ends = points.flatMap(([median, , ...spread]) => [median, ...spread]).filter((end) => end > 0)
  return {
    min: 10 ** Math.floor(Math.log10(Math.min(...ends))),
    max: 10 ** Math.ceil(Math.log10(Math.max(...ends))),
  }
}
