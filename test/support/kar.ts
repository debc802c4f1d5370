import { spawn } from 'node:child_process'
import { onTestFinished } from 'vitest'

/** A process of the command line. It is stopped, and waited for, when the test ends. */
export const startKar = (args: string[], env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, ['src/cli/main.ts', ...args], {
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const watchers = new Set<() => void>()
  const take = (chunk: Buffer) => {
    output += chunk
    for (const watch of watchers) watch()
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exited
  })

  return {
    child,
    exited,
    /** All that it has printed. */
    output: () => output,
    /** The first match in what it has printed or will print. */
    line: async (pattern: RegExp): Promise<RegExpExecArray> => {
      const found = Promise.withResolvers<RegExpExecArray>()
      const watch = () => {
        const match = pattern.exec(output)
        if (match !== null) found.resolve(match)
      }
      watchers.add(watch)
      watch()
      void exited.then((code) =>
        found.reject(new Error(`It ended with ${code} before it printed ${pattern}:\n${output}`)),
      )
      try {
        return await found.promise
      } finally {
        watchers.delete(watch)
      }
    },
  }
}
