/** Whether a name fits one of the patterns, in which `*` stands for any characters. */
export const fitsAny = (name: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => fits(name, pattern))

/** Without a regular expression, which a pattern with many `*` could make slow. */
const fits = (name: string, pattern: string): boolean => {
  const parts = pattern.split('*')
  if (parts.length === 1) return name === pattern
  const first = parts[0] ?? ''
  const last = parts.at(-1) ?? ''
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false
  let at = first.length
  const end = name.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
