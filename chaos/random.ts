/** A source of numbers that a seed repeats. */
export interface Random {
  /** From `min` to `max`, both possible; whole. */
  whole(min: number, max: number): number
  /** True in `share` of the cases, 0 to 1. */
  chance(share: number): boolean
  /** @throws when there is nothing to pick from */
  pick<T>(from: readonly T[]): T
  /** A source of its own, which no draw from this one changes. */
  fork(name: string): Random
}

export const createRandom = (seed: string): Random => {
  const next = mulberry32(hash(seed))
  const whole = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  return {
    whole,
    chance: (share) => next() < share,
    pick: (from) => {
      if (from.length === 0) throw new Error('There is nothing to pick from.')
      return from[whole(0, from.length - 1)]!
    },
    fork: (name) => createRandom(`${seed}/${name}`),
  }
}

/** FNV-1a. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193)
  return value >>> 0
}

const mulberry32 = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
