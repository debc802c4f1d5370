/** Deltas that were joined, with consecutive seqs: the first one's seq, then the length of each in UTF-16 units. */
export type Span = readonly [firstSeq: number, ...chars: number[]]

/** Which raw events of the log an event of a run stands for: itself, or the deltas that were joined in it. */
export type Seqs = number | readonly Span[]

export const firstSeqOf = (seqs: Seqs): number => (typeof seqs === 'number' ? seqs : (seqs[0]?.[0] ?? 0))

export const lastSeqOf = (seqs: Seqs): number => {
  if (typeof seqs === 'number') return seqs
  const last = seqs.at(-1)
  return last === undefined ? 0 : last[0] + last.length - 2
}

/** Of deltas in the order of their seqs. */
export const spansOf = (deltas: readonly { seq: number; text: string }[]): Span[] => {
  const spans: [number, ...number[]][] = []
  for (const { seq, text } of deltas) {
    const last = spans.at(-1)
    if (last !== undefined && seq === last[0] + last.length - 1) last.push(text.length)
    else spans.push([seq, text.length])
  }
  return spans
}

/** What is left of joined deltas without those up to a seq, and how many UTF-16 units those had. */
export const withoutUpTo = (spans: readonly Span[], seq: number): { spans: Span[]; chars: number } => {
  const left: Span[] = []
  let gone = 0
  for (const span of spans) {
    const [first, ...chars] = span
    const count = Math.min(Math.max(seq - first + 1, 0), chars.length)
    for (const length of chars.slice(0, count)) gone += length
    if (count < chars.length) left.push([first + count, ...chars.slice(count)])
  }
  return { spans: left, chars: gone }
}

/** All raw events' seqs, ascending. */
export const rawSeqs = (seqs: Seqs): number[] =>
  typeof seqs === 'number' ? [seqs] : seqs.flatMap(([first, ...chars]) => chars.map((_, at) => first + at))
