import { optionalPackage } from '../optional-package.ts'
import { type Chart, INK, SERIES } from './charts.ts'
import { textWidth } from './text-width.ts'

export const CHART_WIDTH = 900

/**
 * Draws to SVG texts that need no script, with their colours as CSS variables of the page around them.
 * @throws RunnerError PACKAGE_MISSING
 */
export const createChartDrawer = async (): Promise<(chart: Chart, id: string) => string> => {
  const { init, setPlatformAPI } = await optionalPackage('echarts', () => import('echarts'))
  // Without a browser echarts guesses for a narrow font, and texts overlap in a wider one.
  setPlatformAPI({
    measureText: (text: string, font = '') => ({
      width: textWidth(text, Number(/([\d.]+)px/.exec(font)?.[1] ?? 12), font.includes('bold')),
    }),
  })
  return ({ height, title, option }, id) => {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width: CHART_WIDTH, height })
    try {
      chart.setOption(option)
      return titled(withVariables(plain(chart.renderToSVGString())), id, title, height)
    } finally {
      chart.dispose()
    }
  }
}

/** For the mouse, which finds nothing to point at here; and names that count the charts of the process. */
const plain = (svg: string): string =>
  svg
    .replaceAll(/<style[^>]*>[\s\S]*?<\/style>\s*/g, '')
    .replaceAll(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
    // What nobody sees: the background, which is the page's, and frames that would take the mouse.
    .replace(/<rect width="\d+" height="\d+" x="0" y="0" fill="none"><\/rect>\s*/, '')
    .replaceAll(/<path (?=[^>]*fill-opacity="0")[^>]*stroke-width="0"[^>]*><\/path>\s*/g, '')
    .replaceAll(/<path d="[^"]*" transform="[^"]*" fill="none"><\/path>\s*/g, '')

const VARIABLES = new Map<string, string>([
  ...Object.entries(INK).map(([name, color]): [string, string] => [color, `var(--${name})`]),
  ...SERIES.map((color, at): [string, string] => [color, `var(--series-${at})`]),
])

const withVariables = (svg: string): string => {
  let text = svg
  for (const [color, variable] of VARIABLES) text = text.replaceAll(color, variable)
  return text
}

const titled = (svg: string, id: string, title: string, height: number): string =>
  svg.replace(
    /<svg[^>]*>/,
    `<svg viewBox="0 0 ${CHART_WIDTH} ${height}" role="img" aria-labelledby="${id}" xmlns="http://www.w3.org/2000/svg"><title id="${id}">${escapeHtml(title)}</title>`,
  )

export const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
