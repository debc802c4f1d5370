import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { RepeatedText } from '../../src/kafka/repeated-text.ts'

const LONG = 'a text that is longer than sixteen bytes'
/** More than are kept. */
const PLACES = 40

/** Bytes that say how often they were decoded. */
const watched = (text: string) => {
  const bytes = Buffer.from(text)
  return { bytes, decoded: vi.spyOn(bytes, 'toString') }
}

describe('RepeatedText', () => {
  it.each(['short', 'of 16 characters', LONG, '', 'größer'])('does not decode %j again', (text) => {
    const texts = new RepeatedText()
    expect(texts.at(0, Buffer.from(text))).toBe(text)
    const again = watched(text)
    expect(texts.at(0, again.bytes)).toBe(text)
    expect(again.decoded).not.toHaveBeenCalled()
  })

  it.each([
    ['claim-1', 'claim-2'],
    ['1-claim', '2-claim'],
    [`${LONG} 1`, `${LONG} 2`],
    [`1 ${LONG}`, `2 ${LONG}`],
    ['longer', 'long'],
    ['long', 'longer'],
  ])('tells %j from %j', (one, other) => {
    const texts = new RepeatedText()
    expect([one, other, one].map((text) => texts.at(0, Buffer.from(text)))).toEqual([one, other, one])
  })

  it('keeps each place for itself', () => {
    const texts = new RepeatedText()
    texts.at(0, Buffer.from('name'))
    texts.at(1, Buffer.from('value'))
    const again = [watched('name'), watched('value')]
    expect(again.map(({ bytes }, place) => texts.at(place, bytes))).toEqual(['name', 'value'])
    for (const { decoded } of again) expect(decoded).not.toHaveBeenCalled()
  })

  it('keeps no more than some places, and decodes the others', () => {
    const texts = new RepeatedText()
    for (let place = 0; place < PLACES; place += 1) texts.at(place, Buffer.from(`text ${place}`))
    const again = Array.from({ length: PLACES }, (_, place) => watched(`text ${place}`))
    for (const [place, { bytes }] of again.entries()) expect(texts.at(place, bytes)).toBe(`text ${place}`)
    const decoded = again.filter(({ decoded }) => decoded.mock.calls.length > 0).length
    expect(decoded).toBeGreaterThan(0)
    expect(decoded).toBeLessThan(PLACES)
  })

  it('does not mind what becomes of the bytes it was given', () => {
    const texts = new RepeatedText()
    const answer = Buffer.from('first')
    texts.at(0, answer)
    answer.write('other')
    expect(texts.at(0, answer)).toBe('other')
    expect(texts.at(0, Buffer.from('first'))).toBe('first')
  })

  it('gives what toString gives, for any bytes at any place', () => {
    const known = [Buffer.from('claim'), Buffer.from('clain'), Buffer.from(LONG), Buffer.from([0xff, 0xfe])]
    const bytes = fc.oneof(
      fc.constantFrom(...known),
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
      fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
    )
    const asked = fc.array(fc.tuple(fc.nat({ max: PLACES }), bytes), { maxLength: 60 })
    fc.assert(
      fc.property(asked, (all) => {
        const texts = new RepeatedText()
        for (const [place, raw] of all) expect(texts.at(place, raw)).toBe(raw.toString('utf8'))
      }),
      { numRuns: 300 },
    )
  })
})
