import { printable } from './terminal.ts'

/** Columns as wide as what they hold; numbers to the right where their heading is named in `right`. */
export const printTable = (head: string[], rows: string[][], right: readonly string[] = []): void => {
  const table = [head, ...rows.map((row) => row.map(printable))]
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  for (const row of table) {
    console.log(
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0
          return right.includes(head[column]!) ? cell.padStart(width) : cell.padEnd(width)
        })
        .join('  ')
        .trimEnd(),
    )
  }
}

/** Local time, without the milliseconds. */
export const timeOf = (ms: number): string => new Date(ms).toLocaleString('sv-SE')

/** How long something took, rounded to its largest unit. */
export const durationOf = (ms: number): string => {
  const [value, unit] = UNITS.find(([size]) => ms >= size) ?? UNITS.at(-1)!
  const count = Math.round(ms / value)
  return `${count} ${unit}${unit === 'day' && count !== 1 ? 's' : ''}`
}

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
]

/** In units of 1,024. */
export const sizeOf = (bytes: number): string => {
  const at = SIZES.findIndex((_, place) => bytes < 1024 ** (place + 1))
  const place = at === -1 ? SIZES.length - 1 : at
  return place === 0 ? `${bytes} B` : `${(bytes / 1024 ** place).toFixed(1)} ${SIZES[place]}`
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** With commas between thousands. */
export const numberOf = (count: number): string => count.toLocaleString('en')
