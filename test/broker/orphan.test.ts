import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { BROKER_TEST_MS_MAX, isGone, until, useBroker, useDir } from './support.ts'

// A process that starts a broker and then never stops it.
const FORGETFUL = `
const { startBroker } = await import(${JSON.stringify(new URL('../../src/broker/index.ts', import.meta.url).href)})
const broker = await startBroker({ heapMib: 512, dataDir: process.argv[1] })
console.log(JSON.stringify({ pid: broker.nodes[0].pid, dataDir: broker.dataDir, brokers: broker.brokers }))
`

interface Started {
  pid: number
  dataDir: string
  brokers: string[]
}

async function startForgetful(dataDir?: string) {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', FORGETFUL, ...(dataDir ? [dataDir] : [])],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, started: JSON.parse(line) as Started }
  }
  throw new Error('The child ended without a broker')
}

test(
  'when the parent is killed, its temporary broker goes, and its folder with it',
  async () => {
    const { child, started } = await startForgetful()
    expect(await isGone(started.pid)).toBe(false)
    // It leads a process group of its own: Ctrl-C in a terminal reaches the parent only.
    expect(() => process.kill(-started.pid, 0)).not.toThrow()
    child.kill('SIGKILL')
    await until(() => isGone(started.pid), 15_000)
    await until(() => !existsSync(started.dataDir), 10_000)
  },
  BROKER_TEST_MS_MAX,
)

test(
  'after a kill of the parent the data folder can be used again at once, on the same port',
  async () => {
    const dataDir = await useDir()
    const { child, started } = await startForgetful(dataDir)
    child.kill('SIGKILL')
    // The old JVM is still shutting down: the new broker waits for it instead of failing.
    const broker = await useBroker({ dataDir })
    expect(await isGone(started.pid)).toBe(true)
    expect(broker.brokers).toEqual(started.brokers)
  },
  BROKER_TEST_MS_MAX,
)
