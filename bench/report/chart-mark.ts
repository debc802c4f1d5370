/** The part of echarts that drawing takes. Its own types are absent where only the tests run. */
export interface Api {
  value(dimension: number): number
  coord(at: [value: number, row: number]): number[]
}

export interface Shape {
  type: 'rect' | 'circle' | 'line' | 'text'
  shape?: Record<string, number>
  style: Record<string, string | number>
}

export type Draw = (params: unknown, api: Api) => { type: 'group'; children: Shape[] }

/** A contestant's strip of a row. */
export interface Lane {
  color: string
  /** From the middle of the row. */
  offset: number
  height: number
  /** Where the axis starts if it is logarithmic: dots then, for a bar's length would mean nothing. */
  dotsFrom: number | undefined
  /** What stands beside the mark. */
  label(row: number): { text: string; fill: string; fontWeight: string } | undefined
}

const INK = '#24292f'
const DOT_RADIUS_MAX = 5.5

/** Renders [median, row, least, greatest]: a bar or a dot, the spread over it, the label behind it. */
export const drawMark =
  ({ color, offset, height, dotsFrom, label }: Lane): Draw =>
  (_, api) => {
    const row = api.value(1)
    const across = (value: number) => api.coord([Math.max(value, dotsFrom ?? value), row])[0]!
    const [x, from, to] = [across(api.value(0)), across(api.value(2)), across(api.value(3))]
    const y = api.coord([api.value(0), row])[1]! + offset
    const half = height * 0.4
    const line = (x1: number, x2: number, reach: number): Shape => ({
      type: 'line',
      shape: { x1, x2, y1: y - reach, y2: y + reach },
      style: { stroke: INK, lineWidth: 1 },
    })
    const spread = to > from ? [line(from, to, 0), line(from, from, half / 2), line(to, to, half / 2)] : []
    const mark =
      dotsFrom === undefined
        ? bar(across(0), x, y - half, half * 2, color)
        : dot(x, y, Math.min(half, DOT_RADIUS_MAX), color)
    const style = label(row)
    const text: Shape[] = style
      ? [
          {
            type: 'text',
            style: { fontSize: 11, x: Math.max(x, to) + 7, y, verticalAlign: 'middle', ...style },
          },
        ]
      : []
    // The line would hide a small dot, and a bar the line.
    const marked = dotsFrom === undefined ? [mark, ...spread] : [...spread, mark]
    return { type: 'group', children: [...marked, ...text] }
  }

const dot = (cx: number, cy: number, r: number, fill: string): Shape => ({
  type: 'circle',
  shape: { cx, cy, r },
  style: { fill },
})

const bar = (zero: number, x: number, y: number, height: number, fill: string): Shape => ({
  type: 'rect',
  shape: { x: Math.min(zero, x), y, width: Math.abs(x - zero), height },
  style: { fill },
})
