import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Offsets } from '../../src/worker/offsets.ts'

it('commits the lowest unfinished command, whatever the order in which they finish', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(Array.from({ length: 12 }, (_, index) => index)), (finished) => {
      const offsets = new Offsets()
      for (let offset = 0; offset < 12; offset += 1) offsets.begin(0, offset)
      const open = new Set(Array.from({ length: 12 }, (_, index) => index))
      for (const offset of finished) {
        offsets.done(0, offset)
        open.delete(offset)
        const committable = offsets.committable(0)
        expect(committable).toBe(Math.min(12, ...open))
        offsets.committed(0, committable as number)
      }
    }),
  )
})

it('takes a command in once, also when a rebalance delivers it again', () => {
  const offsets = new Offsets()
  expect([offsets.begin(1, 5), offsets.begin(1, 5), offsets.begin(2, 5)]).toEqual([true, false, true])
  offsets.done(1, 5)
  expect(offsets.begin(1, 5)).toBe(false)
  offsets.keepOnly([2])
  expect(offsets.begin(1, 5)).toBe(true)
})
