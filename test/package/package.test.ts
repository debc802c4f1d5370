import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, it, onTestFinished } from 'vitest'

const run = promisify(execFile)
/** npm hands the settings of this project on to what it runs; the empty project has none. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))

/** The README's code block that follows a line with the given words. */
const exampleOf = (readme: string, words: string): string =>
  readme.split(words)[1]?.match(/```ts\n([\s\S]*?)```/)?.[1] ?? ''

it('installs into an empty project, where the README’s library example type-checks and runs', {
  timeout: 240_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kar-package-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder])
  const packed = JSON.parse(stdout.slice(stdout.indexOf('[')))[0] as {
    filename: string
    files: { path: string }[]
  }
  const paths = packed.files.map(({ path }) => path)
  expect(paths).toContain('dist/src/cli/main.js')
  expect(paths.filter((path) => path.startsWith('test/') || path.includes('node_modules'))).toEqual([])

  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'empty', private: true, type: 'module' }),
  )
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2024',
    noEmit: true,
    types: ['node'],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['example.ts'] }))
  const example = exampleOf(await readFile('README.md', 'utf8'), '## As a library')
  expect(example).toContain('KafkaAgentRunner')
  await writeFile(join(folder, 'example.ts'), example)

  const npm = ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, packed.filename)]
  await run('npm', [...npm, 'typescript@7', '@types/node@24'], { cwd: folder, env })
  const modules = await readdir(join(folder, 'node_modules'))
  expect(modules).not.toContain('@copilotkit')
  expect(modules).not.toContain('vitest')

  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: folder }).catch(
    (error) => {
      throw new Error(error.stdout)
    },
  )
  const brokers = inject('kafkaBrokers').join(',')
  const output = await run(process.execPath, ['example.ts'], {
    cwd: folder,
    env: { ...env, KAFKA_BROKERS: brokers },
  })
  expect(output.stdout).toContain('Hello')
  const help = await run(
    process.execPath,
    ['node_modules/kafka-agent-runner/dist/src/cli/main.js', '--help'],
    { cwd: folder },
  )
  expect(help.stdout).toContain('serve')
})
