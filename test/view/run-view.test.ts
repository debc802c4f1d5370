import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { clientConfig } from '../../src/config.ts'
import { RunnerError } from '../../src/errors.ts'
import type { Logger } from '../../src/logger.ts'
import { jsonFormat } from '../../src/schema/record-format.ts'
import { machine } from '../../src/system.ts'
import { sharedTopics } from '../../src/topics.ts'
import { RunView } from '../../src/view/run-view.ts'
import type { ViewPlace } from '../../src/view/view-place.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'
import { fill } from './fill.ts'

const useView = (
  { brokers, prefix }: { brokers: string[]; prefix: string },
  place: ViewPlace = {},
  more = {},
) => {
  const config = clientConfig({ kafka: { brokers }, prefix, commandPartitions: 3 })
  const topics = sharedTopics(prefix, 3)
  const parts = { config, topics, format: jsonFormat, logger: quiet, system: machine, ...more }
  const view = new RunView(parts, place)
  onTestFinished(() => view.close())
  return view
}

const caughtUp = (view: RunView) =>
  vi.waitFor(() => expect(view.status()).toMatchObject({ caughtUp: true, lag: 0 }), {
    timeout: 15_000,
    interval: 5,
  })

describe('a view', () => {
  it('says that it lags, and why, while the schema registry is down; and catches up by itself', async () => {
    const kafka = useKafka()
    await fill({ ...kafka, partitions: 3, threads: 20, runsPerThread: 1 })
    let isDown = true
    const format = {
      ...jsonFormat,
      load: () =>
        isDown ? Promise.reject(new RunnerError('REGISTRY_UNAVAILABLE', 'It does not answer.')) : undefined,
    }
    const view = useView(kafka, {}, { format })
    expect(view.status()).toEqual({ caughtUp: false, lag: 0, skipped: 0 })
    expect(() => view.messages('thread-0')).toThrow(expect.objectContaining({ code: 'VIEW_UNAVAILABLE' }))
    await view.start()
    await vi.waitFor(() =>
      expect(view.status()).toMatchObject({
        caughtUp: false,
        lag: expect.any(Number),
        error: { code: 'REGISTRY_UNAVAILABLE', message: 'It does not answer.' },
      }),
    )
    expect(view.status().lag).toBeGreaterThan(0)
    expect(view.page({ from: 0, to: Number.MAX_SAFE_INTEGER, limit: 100 })).toMatchObject({
      threads: [],
      view: { caughtUp: false },
    })
    isDown = false
    await caughtUp(view)
    expect(view.status().error).toBe(undefined)
    expect(view.messages('thread-0').length).toBe(5)
  })

  it('is in memory where its folder cannot be written, and says so', async () => {
    const kafka = useKafka()
    await fill({ ...kafka, partitions: 3, threads: 3, runsPerThread: 1 })
    const folder = await mkdtemp(join(tmpdir(), 'kar-view-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'no-folder')
    await writeFile(file, '')
    const warn = vi.fn<Logger['warn']>()
    const view = useView(kafka, { folder: join(file, 'views') }, { logger: { ...quiet, warn } })
    await view.start()
    await caughtUp(view)
    expect(view.messages('thread-0').length).toBe(5)
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('in memory'))
  })

  it('refuses a file that is no view, and leaves it as it is', async () => {
    const kafka = useKafka()
    await fill({ ...kafka, partitions: 3, threads: 1, runsPerThread: 1 })
    const folder = await mkdtemp(join(tmpdir(), 'kar-view-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const text = join(folder, 'notes.txt')
    await writeFile(text, 'My notes, which are not to be lost. '.repeat(100))
    await expect(useView(kafka, { path: text }).start()).rejects.toMatchObject({ code: 'VIEW_UNAVAILABLE' })
    const { DatabaseSync } = await import('node:sqlite')
    const other = new DatabaseSync(join(folder, 'other.sqlite'))
    other.exec('CREATE TABLE precious (it TEXT)')
    other.close()
    await expect(useView(kafka, { path: join(folder, 'other.sqlite') }).start()).rejects.toMatchObject({
      code: 'VIEW_MISMATCH',
      message: expect.stringContaining('another program'),
    })
  })
})
