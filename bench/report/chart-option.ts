import { textWidth } from '../../src/analytics/report/text-width.ts'
import { type Contestant, contestantsOf, logarithmicRange, type Point, pointsOf } from './chart-data.ts'
import { type Draw, drawMark } from './chart-mark.ts'
import type { Result } from './result.ts'
import { caption, figure } from './table.ts'

export interface Chart {
  width: number
  height: number
  /** For echarts, whose own types are absent where only the tests run. */
  option: { xAxis: Component[]; series: Series[]; [name: string]: Component | Component[] | string | boolean }
}

type Component = Record<string, unknown>

interface Series extends Component {
  type: 'custom'
  name: string
  data: Point[]
  renderItem: Draw
}

const WIDTH = 900
const MARGIN = 16
const HEAD_WIDTH = WIDTH - 2 * MARGIN
const INK = '#24292f'
const MISSED = '#c01c28'
/** Above so many marks only ours have their figures beside them. */
const ROOMY_MARKS_MAX = 30
/** Above so many rows the axis below is out of sight of the first of them. */
const ONE_AXIS_ROWS_MAX = 6

const tickDigits = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 6 })

/** A group of lanes a row, a lane a contestant, in the legend's order; as high as that takes. */
export const chartOf = (result: Result): Chart => {
  const { rows, unit } = result
  const contestants = contestantsOf(result)
  const points = contestants.map((contestant) => pointsOf(contestant, rows))
  const marks = { count: points.flat().length, max: rows.length * contestants.length }
  const range = logarithmicRange(points.flat())
  const roomy = marks.max <= ROOMY_MARKS_MAX
  const lane = roomy ? 20 : 9
  const height = rows.length * Math.max(36, contestants.length * lane + 12)
  const { title, legend, bottom } = headOf(result, contestants, marks.count < marks.max)
  const axes = valueAxes(unit, range, range !== undefined && rows.length > ONE_AXIS_ROWS_MAX)
  const top = bottom + (axes.length > 1 ? 56 : 12)
  const left = Math.min(260, 2 * MARGIN + Math.max(...rows.map(({ load }) => textWidth(load, 12))))
  return {
    width: WIDTH,
    height: top + height + 56,
    option: {
      animation: false,
      backgroundColor: '#ffffff',
      textStyle: { fontFamily: 'sans-serif' },
      title,
      legend: { ...legend, icon: range ? 'circle' : 'rect' },
      grid: { left, right: 90, top, height },
      xAxis: axes,
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map(({ load }) => load),
        axisTick: { show: false },
        axisLabel: { color: INK, interval: 0, lineHeight: 15, width: left - MARGIN, overflow: 'break' },
        splitLine: { show: true, interval: 0, lineStyle: { color: '#c4c9cf' } },
      },
      series: contestants.map((contestant, at) => ({
        type: 'custom',
        name: contestant.name,
        color: contestant.color,
        silent: true,
        encode: { x: [0, 2, 3], y: 1 },
        data: points[at]!,
        renderItem: drawMark({
          color: contestant.color,
          offset: (at - (contestants.length - 1) / 2) * lane,
          height: lane,
          dotsFrom: range?.min,
          label: labelOf(contestant, result, roomy),
        }),
      })),
    },
  }
}

const headOf = (result: Result, contestants: Contestant[], gaps: boolean) => {
  const hints = [
    'Thin line: least to greatest round',
    ...(result.rows.some(({ met }) => met === false) ? ['✗ target not reached'] : []),
    ...(gaps ? ['Gap: cannot do it, or did not get through'] : []),
  ]
  const subtext = `${caption(result)}\n${hints.join('. ')}`
  const titleHeight = linesOf(result.title, 18, true) * 24 + linesOf(subtext, 12) * 18
  const legendWidth = contestants.reduce((sum, { name }) => sum + textWidth(name, 12) + 30, 0)
  const wrapped = { width: HEAD_WIDTH, overflow: 'break' }
  const title = {
    left: MARGIN,
    top: 10,
    padding: 0,
    itemGap: 4,
    text: result.title,
    textStyle: { fontSize: 18, lineHeight: 24, color: INK, fontWeight: 'bold', ...wrapped },
    subtext,
    subtextStyle: { fontSize: 12, lineHeight: 18, color: '#57606a', ...wrapped },
  }
  const legend = {
    left: MARGIN,
    right: MARGIN,
    top: 20 + titleHeight,
    padding: 0,
    itemWidth: 12,
    itemHeight: 10,
    selectedMode: false,
    textStyle: { fontSize: 12, color: INK },
  }
  return { title, legend, bottom: legend.top + Math.ceil(legendWidth / HEAD_WIDTH) * 24 }
}

/** Upper bound: lines break between words. */
const linesOf = (text: string, fontSize: number, bold = false): number =>
  text
    .split('\n')
    .reduce((lines, line) => lines + Math.ceil(textWidth(line, fontSize, bold) / (HEAD_WIDTH * 0.96)), 0)

const valueAxes = (unit: string, range: ReturnType<typeof logarithmicRange>, both: boolean): Component[] => {
  const logarithmic = range !== undefined
  const axis = {
    type: logarithmic ? 'log' : 'value',
    ...range,
    name: logarithmic ? `${unit}, logarithmic` : unit,
    nameLocation: 'middle',
    nameGap: 28,
    nameTextStyle: { fontWeight: 'bold', color: INK },
    axisLabel: { color: INK, formatter: (value: number) => tickDigits.format(value) },
    splitLine: { lineStyle: { color: '#c4c9cf' } },
    minorTick: { show: logarithmic, splitNumber: 9 },
    minorSplitLine: { show: logarithmic, lineStyle: { color: '#eceef0' } },
  }
  return both ? [axis, { ...axis, position: 'top' }] : [axis]
}

const labelOf =
  ({ key, value }: Contestant, { rows }: Result, roomy: boolean) =>
  (at: number) => {
    const row = rows[at]!
    if (key !== 'ours')
      return roomy ? { text: figure(value(row)), fill: INK, fontWeight: 'normal' } : undefined
    const missed = row.met === false
    return {
      text: `${figure(row.ours)}${missed ? ' ✗' : ''}`,
      fill: missed ? MISSED : INK,
      fontWeight: 'bold',
    }
  }
