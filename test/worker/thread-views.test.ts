import { expect, it } from 'vitest'
import { ThreadViews } from '../../src/worker/thread-views.ts'
import { aClaim, anEvent, createFakeLog } from '../log/fake-log.ts'

/** What a worker's cache holds after it has read a log of 20 records under so many names. */
const idsHeldAfter = async (threads: number, idsMax: number): Promise<number[]> => {
  const log = createFakeLog()
  for (let claim = 0; claim < 10; claim += 1) log.others(aClaim(), anEvent())
  const views = new ThreadViews(log.logs, 1_000, idsMax)
  const names = Array.from({ length: threads }, (_, at) => `thread-${at}`)
  for (const name of names) {
    const read = views.read(name, (view) => view.refresh())
    await log.pass(200)
    await read
  }
  return names.map((name) => views.latest(name)?.idsHeld ?? 0)
}

it('keeps no more ids than wanted, counted when a thread was read', async () => {
  const [alone] = await idsHeldAfter(1, 1_000)
  expect(alone).toBeGreaterThan(5)
  const held = await idsHeldAfter(20, 3 * alone!)
  expect(held).toEqual([...Array(17).fill(0), alone, alone, alone])
})

it('keeps a thread that holds more than all may, alone', async () => {
  const held = await idsHeldAfter(3, 5)
  expect(held.filter((ids) => ids > 0)).toEqual([held[2]])
})
