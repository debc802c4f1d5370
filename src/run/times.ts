import { rawSeqs, type Seqs } from './seqs.ts'

/**
 * When an event was appended, in milliseconds since 1970; of joined deltas when the first was, then how much
 * later each of the others was than the one before it.
 */
export type Times = number | readonly [first: number, ...later: number[]]

export const firstTime = (times: Times): number => (typeof times === 'number' ? times : times[0])

export const lastTime = (times: Times): number =>
  typeof times === 'number' ? times : times.reduce((sum, each) => sum + each)

/** Of compacted events, by the times of the raw ones. */
export const timesOf = (seqs: readonly Seqs[], timeAt: (seq: number) => number): Times[] =>
  seqs.map((stands) => {
    const [first, ...later] = rawSeqs(stands).map(timeAt)
    if (typeof stands === 'number') return first!
    return [first!, ...later.map((time, at) => time - (at === 0 ? first! : later[at - 1]!))]
  })
