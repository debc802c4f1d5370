/** What the demo's one tool finds out: all of it true of the text it was given. */
export interface TextFacts {
  words: number
  sentences: number
  characters: number
  longestWord: string
}

/** Counts as people do: graphemes for characters, and words in scripts without spaces too. */
export const textFacts = (text: string): TextFacts => {
  const words = segments(text, 'word')
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment)
  return {
    words: words.length,
    sentences: segments(text, 'sentence').filter(({ segment }) => segment.trim() !== '').length,
    characters: segments(text, 'grapheme').length,
    longestWord: words.reduce((longest, word) => (word.length > longest.length ? word : longest), ''),
  }
}

// A fixed locale: the same text gives the same facts on every worker.
const segments = (text: string, granularity: 'word' | 'sentence' | 'grapheme'): Intl.SegmentData[] => [
  ...new Intl.Segmenter('en', { granularity }).segment(text),
]

/** The beginning of a text, in whole characters; an ellipsis says that there was more. */
export const excerpt = (text: string, charactersMax: number): string => {
  const characters = segments(text, 'grapheme')
  if (characters.length <= charactersMax) return text
  const kept = characters.slice(0, charactersMax).map(({ segment }) => segment)
  return `${kept.join('')}…`
}
