export interface Substituted {
  value: unknown
  /** Variables that are not set, and where they are asked for. */
  missing: { at: string; name: string }[]
}

/** Puts environment variables into the texts of a value that was parsed, so that what they hold stays a text. */
export const withVariables = (value: unknown, env: NodeJS.ProcessEnv): Substituted => {
  const missing: Substituted['missing'] = []
  const put = (each: unknown, path: string[]): unknown => {
    if (typeof each === 'string') {
      return each.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
        const found = env[name] ?? ''
        if (found === '') missing.push({ at: path.join('.'), name })
        return found
      })
    }
    if (Array.isArray(each)) return each.map((item, at) => put(item, [...path, String(at)]))
    if (typeof each !== 'object' || each === null) return each
    return Object.fromEntries(Object.entries(each).map(([name, item]) => [name, put(item, [...path, name])]))
  }
  return { value: put(value, []), missing }
}
