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

it('does not set back what another worker committed, by a command of an assignment before', () => {
  const offsets = new Offsets()
  offsets.begin(0, 3)
  offsets.keepOnly([])
  offsets.keepOnly([0])
  offsets.done(0, 3)
  expect(offsets.committable(0)).toBeUndefined()
  // Delivered again: nobody has committed it.
  offsets.begin(0, 3)
  expect(offsets.committable(0)).toBe(4)
})
