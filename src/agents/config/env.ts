import { nameOf, type Path, type Problem } from './problem.ts'

/** A value with its placeholders replaced. */
export interface Replaced {
  value: unknown
  /** Variables that are not set, and what is no placeholder but looks like one. */
  problems: Problem[]
  /** Whether the text at a path had a placeholder. */
  hadPlaceholder(path: Path): boolean
}

const PLACEHOLDER = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})?/g

/**
 * Puts environment variables into the texts of a value that was parsed, so that what they hold stays a text:
 * `${NAME}`, or `${NAME:-what else}`; a variable that is empty counts as not set, as in a shell. `$${` is a plain `${`.
 */
export const withEnvironment = (value: unknown, env: NodeJS.ProcessEnv, at: Path = []): Replaced => {
  const problems: Problem[] = []
  const places = new Set<string>()
  const inText = (text: string, path: Path): string =>
    text.replace(PLACEHOLDER, (all, name: string | undefined, otherwise: string | undefined) => {
      if (all === '$${') return '${'
      places.add(nameOf(path))
      const found = env[name ?? ''] || otherwise
      if (name === undefined) problems.push({ path, message: NO_PLACEHOLDER })
      else if (found === undefined)
        problems.push({ path, message: `the environment variable ${name} is not set` })
      return found ?? ''
    })
  const inside = (each: unknown, path: Path): unknown => {
    if (typeof each === 'string') return inText(each, path)
    if (Array.isArray(each)) return each.map((item, index) => inside(item, [...path, index]))
    if (typeof each !== 'object' || each === null) return each
    return Object.fromEntries(
      Object.entries(each).map(([name, item]) => [name, inside(item, [...path, name])]),
    )
  }
  return { value: inside(value, at), problems, hadPlaceholder: (path) => places.has(nameOf(path)) }
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is what people are to write
const NO_PLACEHOLDER = 'it has a "${" that begins no ${NAME} or ${NAME:-default}; write "$${" for a plain one'
