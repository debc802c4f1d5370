import { expect, it } from 'vitest'
import { Slots } from '../../src/worker/slots.ts'

it('holds back what is above the limit, in order, and lets go of those who leave', async () => {
  const slots = new Slots(2)
  const { signal } = new AbortController()
  const leaving = new AbortController()
  const order: string[] = []
  const first = await slots.acquire(signal)
  await slots.acquire(signal)
  const third = slots.acquire(signal).then((release) => [order.push('third'), release])
  const left = slots.acquire(leaving.signal)
  const fourth = slots.acquire(signal).then(() => order.push('fourth'))
  leaving.abort()
  expect(await left).toBeUndefined()
  expect(order).toEqual([])
  first?.()
  first?.()
  const [, release] = (await third) as [number, () => void]
  expect(order).toEqual(['third'])
  release()
  const fifth = slots.acquire(signal).then(() => order.push('fifth'))
  await fourth
  await new Promise(setImmediate)
  expect(order).toEqual(['third', 'fourth'])
  void fifth
  expect(await slots.acquire(leaving.signal)).toBeUndefined()
})
