import { writeFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { createChaosRun } from './chaos-run.ts'
import { HELP, parseOptions } from './options.ts'
import { reportText } from './report.ts'

const EXIT = { kept: 0, violated: 1, failed: 2, interrupted: 130 }

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const main = async (): Promise<number> => {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) {
    say(HELP)
    return EXIT.kept
  }
  const run = createChaosRun(options, say)
  let interrupted = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The second one does not wait for the brokers; they end themselves when this process is gone.
      if (interrupted) process.exit(EXIT.interrupted)
      interrupted = true
      say('ending all processes')
      void run.stop().then(() => process.exit(EXIT.interrupted))
    })
  }
  try {
    const report = await run.start()
    say(reportText(report))
    if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(report, undefined, 2))
    const { violations, missed } = report.verdict
    return violations.length === 0 && (missed.length === 0 || !options.figures) ? EXIT.kept : EXIT.violated
  } finally {
    await run.stop()
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : inspect(error)}\n`)
  process.exitCode = EXIT.failed
}
// What broke off may have left a socket or a timer.
process.exit()
