export interface Piece {
  kind: 'text' | 'reasoning'
  text: string
}

/**
 * Takes `<think>…</think>` out of an answer that comes piece by piece: models write their reasoning so, and Dify's
 * LLM nodes leave it in the answer unless they are told to separate it. A tag may be cut in two.
 */
export class ThinkBlocks {
  #inside = false
  /** What may be the beginning of a tag. */
  #held = ''
  /** The white space around a block belongs to it. */
  #trims = false

  push(delta: string): Piece[] {
    const pieces: Piece[] = []
    let rest = this.#held + delta
    this.#held = ''
    while (rest !== '') {
      const tag = this.#inside ? '</think>' : '<think>'
      const at = rest.indexOf(tag)
      if (at === -1) {
        const held = heldBack(rest, tag)
        this.#held = rest.slice(rest.length - held)
        this.#add(pieces, rest.slice(0, rest.length - held))
        break
      }
      this.#add(pieces, rest.slice(0, at))
      rest = rest.slice(at + tag.length)
      this.#inside = !this.#inside
      this.#trims = true
    }
    return pieces
  }

  /** What was held back, since nothing more comes that it could belong to. */
  flush(): Piece[] {
    const pieces: Piece[] = []
    const held = this.#held
    this.#held = ''
    this.#add(pieces, held)
    return pieces
  }

  #add(pieces: Piece[], text: string): void {
    const told = this.#trims ? text.trimStart() : text
    if (told === '') return
    this.#trims = false
    pieces.push({ kind: this.#inside ? 'reasoning' : 'text', text: told })
  }
}

/** How much of the end of a text may be the beginning of the tag. */
const heldBack = (text: string, tag: string): number => {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(tag.slice(0, length))) return length
  return 0
}
