import type { Case, RunnerName, Topic } from './case.ts'
import { RUNNERS } from './runners.ts'

export const BEGIN =
  '<!-- The rest is rendered from test/conformance: UPDATE_DOCS=1 npx vitest run test/conformance/doc -->'

/** The suite as Markdown: a table for each topic, then each difference with its reason. */
export const renderSuite = (topics: readonly Topic[]): string => {
  const differing = topics.flatMap(({ cases }) => cases.filter(({ differs }) => differs !== undefined))
  const numberOf = (case_: Case) => differing.indexOf(case_) + 1
  return [
    BEGIN,
    ...topics.map((topic) => renderTopic(topic, numberOf)),
    '## Differences',
    differing.map((case_) => renderDifference(case_, numberOf(case_))).join('\n'),
    '',
  ].join('\n\n')
}

const renderTopic = ({ title, cases }: Topic, numberOf: (case_: Case) => number): string => {
  const head = ['', ...RUNNERS.map((runner) => runner.title)]
  const rows = cases.map((case_) => [
    cell(case_.title),
    ...RUNNERS.map(({ name }) => (case_.differs?.by.includes(name) ? `no (${numberOf(case_)})` : 'yes')),
  ])
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
  return [`### ${title}`, '', ...lines].join('\n')
}

const renderDifference = ({ title, differs }: Case, number: number): string => {
  const { by, instead, because } = differs!
  return `${number}. “${capital(title)}”: **${namesOf(by)}**: ${instead}. ${because}`
}

const namesOf = (names: readonly RunnerName[]): string =>
  RUNNERS.filter(({ name }) => names.includes(name))
    .map(({ title }) => title)
    .join('** and **')

const cell = (text: string): string => capital(text).replaceAll('|', '\\|')

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
