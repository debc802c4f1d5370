import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Bench } from './bench.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { drawChart } from './report/chart.ts'
import { withTables } from './report/docs.ts'
import { layersOf } from './report/layers.ts'
import type { Result } from './report/result.ts'
import { textTable } from './report/table.ts'
import { SCENARIOS } from './scenarios/index.ts'

const RESULTS = fileURLToPath(new URL('./results', import.meta.url))

const PROFILES = join(RESULTS, 'profiles')

const DOCS = fileURLToPath(new URL('../docs/performance.md', import.meta.url))

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const main = async (): Promise<void> => {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) return say(HELP)
  if (options.list) return say(SCENARIOS.map(({ name, about }) => `${name.padEnd(12)} ${about}`).join('\n'))
  const unknown = options.scenarios.find((wanted) => !SCENARIOS.some(({ name }) => name === wanted))
  if (unknown !== undefined) throw new TypeError(`There is no scenario "${unknown}". See --list.`)
  const wanted = SCENARIOS.filter(
    ({ name }) => options.scenarios.length === 0 || options.scenarios.includes(name),
  )
  if (options.profile) rmSync(PROFILES, { recursive: true, force: true })
  for (const [at, scenario] of wanted.entries()) {
    say(`\n${scenario.name} (${at + 1} of ${wanted.length}): ${scenario.about}`)
    for (const result of await measure(scenario.run, options)) keep(result, options)
  }
  if (!options.quick) updateDocs()
}

/** With servers of its own, so that no scenario meets what another left. */
const measure = async (run: (bench: Bench) => Promise<Result[]>, options: Options): Promise<Result[]> => {
  const profileDir = options.profile ? PROFILES : undefined
  const bench = new Bench({ ...options, profileDir, say })
  const leave = () => void bench.close().finally(() => process.exit(130))
  process.once('SIGINT', leave).once('SIGTERM', leave)
  try {
    const results = await run(bench)
    if (profileDir !== undefined) sayLayers(profileDir)
    return results
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave)
    await bench.close()
  }
}

const keep = (result: Result, { quick }: Options): void => {
  say(`\n${textTable(result)}`)
  const folder = quick ? join(RESULTS, 'quick') : RESULTS
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${result.scenario}.json`), `${JSON.stringify(result, undefined, 2)}\n`)
  writeFileSync(join(folder, `${result.scenario}.svg`), drawChart(result))
}

/** The tables of docs/performance.md are those of the results. */
const updateDocs = (): void =>
  writeFileSync(
    DOCS,
    withTables(readFileSync(DOCS, 'utf8'), (scenario) =>
      JSON.parse(readFileSync(join(RESULTS, `${scenario}.json`), 'utf8')),
    ),
  )

/** Where the time goes, by the way of an event. */
const sayLayers = (folder: string): void => {
  for (const file of readdirSync(folder)) {
    const { busy, shares } = layersOf(JSON.parse(readFileSync(join(folder, file), 'utf8')))
    const parts = Object.entries(shares).map(([layer, share]) => `${layer} ${(share * 100).toFixed(0)} %`)
    say(`\n${join(folder, file)}\n  busy ${(busy * 100).toFixed(0)} % of the time: ${parts.join(', ')}`)
  }
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof TypeError ? error.message : ((error as Error).stack ?? error)}\n`)
  process.exitCode = 1
}
// A broken-off measurement may have left a socket or a timer.
process.exit()
