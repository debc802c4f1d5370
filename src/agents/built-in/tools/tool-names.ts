const LENGTH_MAX = 64

/** What a model may call a tool: providers take no more than [A-Za-z0-9_-] and 64 characters. */
export const sanitised = (ownName: string): string => {
  const name = ownName
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .slice(0, LENGTH_MAX)
  return name === '' ? 'tool' : name
}

/** Gives names out, each once: the second `search` is `search_2`. */
export class ToolNames {
  readonly #taken = new Set<string>()

  has(name: string): boolean {
    return this.#taken.has(name)
  }

  take(ownName: string): string {
    const wanted = sanitised(ownName)
    let name = wanted
    for (let number = 2; this.#taken.has(name); number += 1) {
      const suffix = `_${number}`
      name = `${wanted.slice(0, LENGTH_MAX - suffix.length)}${suffix}`
    }
    this.#taken.add(name)
    return name
  }
}
