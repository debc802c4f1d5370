import { describe, expect, it } from 'vitest'
import { RefMarkers } from '../../../src/agents/bailian/ref-markers.ts'

const through = (pieces: readonly string[]): string => {
  const markers = new RefMarkers()
  return pieces.map((piece) => markers.take(piece)).join('') + markers.rest()
}

describe('marks of references', () => {
  it('become numbers, wherever a text is cut', () => {
    const text = 'a<ref>[1]</ref> b <ref>[2,3]</ref>c'
    for (let at = 0; at <= text.length; at += 1)
      expect(through([text.slice(0, at), text.slice(at)])).toBe('a[1] b [2,3]c')
    expect(through([...text])).toBe('a[1] b [2,3]c')
  })

  it('leave alone what only looks like one', () => {
    for (const text of ['1 < 2', 'x<', '<ref>', '<ref>[a]</ref>', '<reference>', 'a<ref>[1]', '<<ref'])
      expect(through([...text])).toBe(text)
  })

  it('hold back no more than a mark can be long', () => {
    const markers = new RefMarkers()
    expect(markers.take('<ref>[')).toBe('')
    expect(markers.take('1'.repeat(200))).toBe(`<ref>[${'1'.repeat(200)}`)
  })
})
