import type { ModelCall } from '../providers/answer.ts'

/** From so many identical calls in a row on, the model is told. */
const NOTICED = 3
const WARNED = 4

/** Counts calls of one tool with the same arguments that follow each other. */
export class RepeatedCalls {
  #last: string | undefined
  #count = 0

  /** What the model is to read with the result of this call; undefined where it repeats nothing. */
  next({ name, args }: Pick<ModelCall, 'name' | 'args'>): string | undefined {
    const key = JSON.stringify([name, canonical(args)])
    this.#count = key === this.#last ? this.#count + 1 : 1
    this.#last = key
    if (this.#count < NOTICED) return undefined
    const said = `You have called ${name} ${this.#count} times in a row with the same arguments.`
    if (this.#count === NOTICED) return `[Notice: ${said} Read what it gave before you call it again.]`
    if (this.#count === WARNED)
      return `[Notice: ${said} Unless something has changed in between, try another way.]`
    return `[Notice: ${said} Do not call it again. Answer with what you have, and say what is missing.]`
  }
}

/** The same arguments, whatever the order of fields and the spaces between them. */
const canonical = (args: string): unknown => {
  try {
    return sorted(JSON.parse(args))
  } catch {
    // No JSON, which the tool has said already.
    return args
  }
}

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => [key, sorted(each)])
}
