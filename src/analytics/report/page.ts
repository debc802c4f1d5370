import { chartsOf } from './charts.ts'
import { createChartDrawer, escapeHtml } from './draw-chart.ts'
import type { Report } from './report-data.ts'
import { type Section, sectionsOf, spanOf, summaryOf } from './sections.ts'

/**
 * One page with all of the report: no script, nothing from the network, light or dark as its reader has it.
 * @throws RunnerError PACKAGE_MISSING
 */
export const reportPage = async (report: Report): Promise<string> => {
  const draw = await createChartDrawer()
  const charts = Map.groupBy(chartsOf(report), ({ section }) => section)
  const sections = sectionsOf(report).map((section) => {
    const figures = (charts.get(section.id) ?? []).map(
      (chart, at) =>
        `<figure><figcaption>${escapeHtml(chart.title)}</figcaption>${draw(chart, `chart-${section.id}-${at}`)}</figure>`,
    )
    return `<section aria-labelledby="${section.id}"><h2 id="${section.id}">${escapeHtml(section.title)}</h2>
${section.note ? `<p class="note">${escapeHtml(section.note)}</p>` : ''}
${figures.join('\n')}
${section.rows.length === 0 ? '<p>None.</p>' : tableOf(section)}</section>`
  })
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Agent runs ${escapeHtml(spanOf(report))}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Agent runs</h1>
<p>${escapeHtml(summaryOf(report))}</p>
${sections.join('\n')}
</main>
</body>
</html>
`
}

const tableOf = ({ title, head, numeric, rows }: Section): string => {
  const alignment = head.map((name) => (numeric.includes(name) ? ' class="number"' : ''))
  const headCells = head.map((name, at) => `<th scope="col"${alignment[at]}>${escapeHtml(name)}</th>`)
  const bodyRows = rows.map((row) => {
    const cells = row.map((cell, at) =>
      at === 0 ? `<th scope="row">${escapeHtml(cell)}</th>` : `<td${alignment[at]}>${escapeHtml(cell)}</td>`,
    )
    return `<tr>${cells.join('')}</tr>`
  })
  return `<div class="scroll"><table><caption>${escapeHtml(title)}</caption>
<thead><tr>${headCells.join('')}</tr></thead>
<tbody>
${bodyRows.join('\n')}
</tbody></table></div>`
}

/** Colours that stand off their background, and from each other for those who see fewer of them. */
export const LIGHT = {
  '--page': '#ffffff',
  '--text': '#1f2328',
  '--faint': '#57606a',
  '--line': '#d8dee4',
  '--series-0': '#2f6fb5',
  '--series-1': '#c8402a',
  '--series-2': '#2b8a5c',
  '--series-3': '#a86a00',
  '--series-4': '#7d4bb0',
  '--series-5': '#0d8296',
  '--series-6': '#b03a7a',
  '--series-7': '#6b7280',
}

const DARK: typeof LIGHT = {
  '--page': '#0d1117',
  '--text': '#e6edf3',
  '--faint': '#9aa4af',
  '--line': '#30363d',
  '--series-0': '#6aa8f0',
  '--series-1': '#ff8a70',
  '--series-2': '#5cc794',
  '--series-3': '#e0ad4a',
  '--series-4': '#bd93f0',
  '--series-5': '#4cc4d6',
  '--series-6': '#f08fc0',
  '--series-7': '#9ca3af',
}

const variables = (theme: typeof LIGHT): string =>
  Object.entries(theme)
    .map(([name, color]) => `${name}:${color}`)
    .join(';')

const STYLE = `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}
body{background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif;margin:0}
main{max-width:900px;margin:0 auto;padding:24px 16px}
h1{margin:0}
h2{margin:40px 0 4px}
.note{color:var(--faint);margin:0}
figure{margin:16px 0}
figcaption{font-weight:600;margin-bottom:8px}
svg{display:block;width:100%;height:auto}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{text-align:left;padding:3px 10px 3px 0;border-bottom:1px solid var(--line);font-weight:400}
thead th{color:var(--faint)}
.number{text-align:right;font-variant-numeric:tabular-nums}`
