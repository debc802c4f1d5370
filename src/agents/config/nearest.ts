/** Fewer edits than this, and less than half of the name: else two names have nothing to do with each other. */
const EDITS_MAX = 3

/** The known name that somebody may have meant; undefined where none is near. */
export const nearest = (name: string, known: readonly string[]): string | undefined => {
  const ranked = known
    .map((candidate) => ({ candidate, edits: distance(name, candidate) }))
    .filter(({ candidate, edits }) => edits <= Math.min(EDITS_MAX, Math.ceil(candidate.length / 2) - 1))
    .sort((a, b) => a.edits - b.edits)
  return ranked[0]?.candidate
}

/** Another way to write the same is no edit: `apiKey`, `api-key`; nor is a word in front, as in `dify_api_key`. */
const distance = (name: string, candidate: string): number => {
  const [a, b] = [plain(name), plain(candidate)]
  if (a === b || (name.endsWith(`_${candidate}`) && candidate.length > 2)) return 0
  return editsBetween(a, b)
}

const plain = (name: string): string => name.replaceAll(/[_-]/g, '').toLowerCase()

/** Levenshtein's. */
const editsBetween = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]!
}
