import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const BENCH = fileURLToPath(new URL('.', import.meta.url))
const LOCK = `${BENCH}package-lock.json`
/** What npm writes when it is done. */
const INSTALLED = `${BENCH}node_modules/.package-lock.json`

/** The peers and the chart library, some 300 MB: not among the project's own dependencies. */
if (!existsSync(INSTALLED) || statSync(INSTALLED).mtimeMs < statSync(LOCK).mtimeMs)
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: BENCH, stdio: 'inherit' })
