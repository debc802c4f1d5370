/** Writes the generated files of schemas/: `npm run schemas`. A test fails where they are not up to date. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { generatedSchemas } from './generated.ts'

const files = generatedSchemas()
for (const [path, text] of Object.entries(files)) writeFileSync(path, text)
const json = Object.keys(files).filter((path) => path.endsWith('.json'))
execFileSync('biome', ['format', '--write', ...json], { stdio: 'inherit' })
for (const path of Object.keys(files)) process.stdout.write(`${path}\n`)
