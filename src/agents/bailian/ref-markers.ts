const WHOLE = /<ref>\[([\d,\s]*)\]<\/ref>/g

/** A text's end that may be the beginning of a marker. */
const BEGUN = /<(?:r(?:e(?:f(?:>(?:\[(?:[\d,\s]*(?:\](?:<(?:\/(?:r(?:e(?:f)?)?)?)?)?)?)?)?)?)?)?)?$/

/** Longer than any marker: what is no marker is not held back for ever. */
const HELD_CHARACTERS_MAX = 100

/**
 * Bailian marks in its text what comes from which source, as `<ref>[4]</ref>`, and cuts that in two between frames.
 * It becomes `[4]`: the index_id of a doc_reference.
 */
export class RefMarkers {
  #held = ''

  /** What can be told now. */
  take(delta: string): string {
    const text = (this.#held + delta).replace(WHOLE, '[$1]')
    const begun = text.search(BEGUN)
    const isHeld = begun !== -1 && text.length - begun <= HELD_CHARACTERS_MAX
    this.#held = isHeld ? text.slice(begun) : ''
    return isHeld ? text.slice(0, begun) : text
  }

  /** What was held back, when no more comes. */
  rest(): string {
    const held = this.#held
    this.#held = ''
    return held
  }
}
