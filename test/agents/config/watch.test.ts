import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { watchFile } from '../../../src/agents/config/watch.ts'
import { sleep } from '../../../src/sleep.ts'
import { useFolder } from './support.ts'

/** Far beyond the test: what is noticed was told by the system. */
const NEVER_MS = 600_000

const useWatch = async (path: string, options: { lookMs?: number; onChange?(): Promise<void> } = {}) => {
  let changes = 0
  const watch = watchFile({
    path,
    settleMs: 20,
    lookMs: options.lookMs ?? NEVER_MS,
    onChange: async () => {
      changes += 1
      await options.onChange?.()
    },
    onDeaf: () => {},
  })
  onTestFinished(() => watch.stop())
  await vi.waitFor(() => expect(changes).toBe(1))
  return {
    watch,
    changes: () => changes,
    /** How many changes are told of what is done. */
    countOf: async (action: () => Promise<unknown>) => {
      const before = changes
      await action()
      await vi.waitFor(() => expect(changes).toBeGreaterThan(before), { timeout: 3_000, interval: 5 })
      return changes - before
    },
  }
}

describe('a watched file', () => {
  it('is looked at when it is written, however often that is at once', async () => {
    const path = join(await useFolder(), 'agents.yaml')
    await writeFile(path, 'a')
    const { countOf, changes } = await useWatch(path)
    await countOf(() => writeFile(path, 'b'))
    const before = changes()
    for (const text of ['c', 'cc', 'ccc', 'cccc']) await writeFile(path, text)
    await sleep(200)
    expect(changes() - before).toBeLessThanOrEqual(2)
  })

  it('is looked at when an editor puts another file in its place, again and again', async () => {
    const folder = await useFolder()
    const path = join(folder, 'agents.yaml')
    await writeFile(path, 'a')
    const { countOf } = await useWatch(path)
    for (const text of ['b', 'c']) {
      await countOf(async () => {
        await writeFile(join(folder, 'agents.yaml~'), text)
        await rename(join(folder, 'agents.yaml~'), path)
      })
    }
  })

  it('is looked at when it goes and comes', async () => {
    const path = join(await useFolder(), 'agents.yaml')
    await writeFile(path, 'a')
    const { countOf } = await useWatch(path)
    await countOf(() => unlink(path))
    await countOf(() => writeFile(path, 'a'))
  })

  it('is looked at when Kubernetes swaps the folder behind the link', async () => {
    const folder = await useFolder()
    const swap = async (version: string) => {
      await mkdir(join(folder, version))
      await writeFile(join(folder, version, 'agents.yaml'), version)
      await symlink(version, join(folder, '..data_tmp'))
      await rename(join(folder, '..data_tmp'), join(folder, '..data'))
    }
    await swap('..1')
    const path = join(folder, 'agents.yaml')
    await symlink(join('..data', 'agents.yaml'), path)
    const { countOf } = await useWatch(path)
    await countOf(() => swap('..2'))
    await rm(join(folder, '..1'), { recursive: true })
    await countOf(() => swap('..3'))
  })

  it('is looked at when it changes behind a link from elsewhere', async () => {
    const [folder, elsewhere] = [await useFolder(), await useFolder()]
    const path = join(folder, 'agents.yaml')
    await writeFile(join(elsewhere, 'real.yaml'), 'a')
    await symlink(join(elsewhere, 'real.yaml'), path)
    const { countOf } = await useWatch(path)
    await countOf(() => writeFile(join(elsewhere, 'real.yaml'), 'b'))
  })

  it('is not looked at for other files of its folder', async () => {
    const folder = await useFolder()
    await writeFile(join(folder, 'agents.yaml'), 'a')
    const { changes } = await useWatch(join(folder, 'agents.yaml'))
    await writeFile(join(folder, 'other.yaml'), 'b')
    await sleep(150)
    expect(changes()).toBe(1)
  })

  it('is looked at in time in a folder where something is written all the time', async () => {
    const folder = await useFolder()
    const path = join(folder, 'agents.yaml')
    await writeFile(path, 'a')
    const { countOf } = await useWatch(path)
    let busy = true
    const writing = (async () => {
      for (let at = 0; busy; at += 1) {
        await writeFile(join(folder, 'log'), String(at))
        await sleep(5)
      }
    })()
    await countOf(() => writeFile(path, 'b'))
    busy = false
    await writing
  })

  it('is looked at now and then where nobody tells of changes', async () => {
    const folder = await useFolder()
    const path = join(folder, 'not-yet', 'agents.yaml')
    const { countOf } = await useWatch(path, { lookMs: 50 })
    await countOf(async () => {
      await mkdir(join(folder, 'not-yet'))
      await writeFile(path, 'a')
    })
  })

  it('is looked at once more when it changes meanwhile', async () => {
    const path = join(await useFolder(), 'agents.yaml')
    await writeFile(path, 'a')
    const gate = Promise.withResolvers<void>()
    const first = { wait: Promise.resolve() }
    const { countOf, changes } = await useWatch(path, { onChange: () => first.wait })
    first.wait = gate.promise
    await countOf(() => writeFile(path, 'bb'))
    await writeFile(path, 'ccc')
    await sleep(100)
    expect(changes()).toBe(2)
    gate.resolve()
    await vi.waitFor(() => expect(changes()).toBe(3))
  })

  it('is let go', async () => {
    const path = join(await useFolder(), 'agents.yaml')
    await writeFile(path, 'a')
    const { watch, changes } = await useWatch(path, { lookMs: 20 })
    watch.stop()
    watch.stop()
    await writeFile(path, 'b')
    await sleep(100)
    expect(changes()).toBe(1)
  })
})
