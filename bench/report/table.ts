import type { Result, Row } from './result.ts'

const TERMINAL_COLUMNS_MAX = 150
const DASH = '–'

interface Column {
  head: string
  /** Text goes left, figures right. */
  align: 'left' | 'right'
  cell(row: Row): string
}

const threeDigits = new Intl.NumberFormat('en-US', {
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
})

/** Three significant digits; a dash where there is none. */
export const figure = (value: number | null | undefined): string =>
  typeof value === 'number' && Number.isFinite(value) ? threeDigits.format(value) : DASH

/** In the order in which rows have them. */
export const peersOf = ({ rows }: Result): string[] => [
  ...new Set(rows.flatMap(({ peers }) => Object.keys(peers))),
]

/** How to read the figures. */
export const caption = ({ metric, unit, better, rounds, quick }: Result): string =>
  `${metric} (${unit}), ${better} is better; median of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}` +
  (quick ? ', each too short for more than a first look' : '')

const verdict = ({ target, met }: Row): string => {
  if (target === undefined) return ''
  if (met === undefined) return `${target} (not judged)`
  return met ? `✓ ${target}` : `✗ not reached: ${target}`
}

/** Floor, ratio and target only where a row has one. */
const columnsOf = (
  result: Result,
  ours: (row: Row) => string,
  peerHead: (label: string, at: number) => string,
): Column[] => {
  const where = (key: keyof Row, column: Column): Column[] =>
    result.rows.some((row) => row[key] !== undefined) ? [column] : []
  return [
    { head: 'load', align: 'left', cell: ({ load }) => load },
    { head: 'ours', align: 'right', cell: ours },
    ...where('floor', { head: 'floor', align: 'right', cell: ({ floor }) => figure(floor) }),
    ...where('ratio', {
      head: 'ratio',
      align: 'right',
      cell: ({ ratio }) => (ratio === undefined ? DASH : `${figure(ratio)}×`),
    }),
    ...peersOf(result).map(
      (label, at): Column => ({
        head: peerHead(label, at),
        align: 'right',
        cell: ({ peers }) => figure(peers[label]),
      }),
    ),
    ...where('target', { head: 'target', align: 'left', cell: verdict }),
  ]
}

const aligned = (columns: Column[], rows: Row[]): string[] => {
  const lines = [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ cell }) => cell(row)))]
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)))
  const pad = (text: string, at: number) =>
    columns[at]!.align === 'left' ? text.padEnd(widths[at]!) : text.padStart(widths[at]!)
  return lines.map((line) => line.map(pad).join('  ').trimEnd())
}

/** For the terminal. Peers get numbers as heads, and a legend, where their labels do not fit. */
export const textTable = (result: Result): string => {
  const layOut = (peerHead: (label: string, at: number) => string) =>
    aligned(
      columnsOf(result, ({ ours }) => figure(ours), peerHead),
      result.rows,
    )
  const heading = [result.title, caption(result), '']
  const full = layOut((label) => label)
  if (full.every((line) => line.length <= TERMINAL_COLUMNS_MAX)) return [...heading, ...full].join('\n')
  const legend = peersOf(result).map((label, at) => `[${at + 1}] ${label}`)
  return [...heading, ...layOut((_, at) => `[${at + 1}]`), '', ...legend].join('\n')
}

const oursWithSpread = ({ ours, spread }: Row): string => {
  const range = spread.ours
  return range === undefined ? figure(ours) : `${figure(ours)} (${figure(range[0])} to ${figure(range[1])})`
}

/** For the docs. */
export const markdownTable = (result: Result): string => {
  const columns = columnsOf(result, oursWithSpread, (label) => label)
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    `${caption(result)}; in brackets the least and the greatest round of ours.`,
    '',
    line(columns.map(({ head }) => head)),
    line(columns.map(({ align }) => (align === 'left' ? '---' : '---:'))),
    ...result.rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
  ].join('\n')
}
