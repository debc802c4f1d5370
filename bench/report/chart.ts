import { init, setPlatformAPI } from 'echarts'
import { textWidth } from '../../src/analytics/report/text-width.ts'
import { chartOf } from './chart-option.ts'
import type { Result } from './result.ts'

// Without a browser echarts guesses for a narrow font, and texts overlap in a wider one.
setPlatformAPI({
  measureText: (text: string, font = '') => ({
    width: textWidth(text, Number(/([\d.]+)px/.exec(font)?.[1] ?? 12), font.includes('bold')),
  }),
})

/** One SVG, the same for the same result. */
export const drawChart = (result: Result): string => {
  const { width, height, option } = chartOf(result)
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption(option)
  const svg = chart.renderToSVGString()
  chart.dispose()
  // For the mouse, of which a picture knows nothing; and class names count the charts of the process.
  return svg
    .replaceAll(/<style[^>]*>[\s\S]*?<\/style>\s*/g, '')
    .replaceAll(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
}
