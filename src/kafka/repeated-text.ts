const PLACES_MAX = 16
const SHORT = 16

/**
 * Texts that repeat from one record to the next, such as its headers: the same bytes at the same place give the
 * same string, without decoding them again. Half of a replay's time went into such strings.
 */
export class RepeatedText {
  readonly #last: { bytes: Buffer; text: string }[] = []

  at(place: number, bytes: Buffer): string {
    const last = this.#last[place]
    if (last !== undefined && areEqual(last.bytes, bytes)) return last.text
    const text = bytes.toString('utf8')
    // A copy: a part of a fetch's answer would keep all of it.
    if (place < PLACES_MAX) this.#last[place] = { bytes: Buffer.from(bytes), text }
    return text
  }
}

const areEqual = (one: Buffer, other: Buffer): boolean => {
  if (one.length !== other.length) return false
  if (one.length > SHORT) return one.equals(other)
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false
  return true
}
