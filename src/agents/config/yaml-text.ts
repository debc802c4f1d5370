import type { Document, LineCounter } from 'yaml'
import { nameOf, type Path, type Problem } from './problem.ts'

export interface YamlText {
  /** Undefined where it is no YAML. */
  value: unknown
  problems: Problem[]
  /** The problems by their place, each with its line, where it can be told. */
  located(problems: readonly Problem[]): Problem[]
}

/** Beyond, they are counted. */
const PROBLEMS_MAX = 50

/** Reads YAML; what is wrong is told by its place and kind alone: the line may hold a secret. */
export const readYaml = async (text: string): Promise<YamlText> => {
  const { LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines })
  const problems = document.errors.map(({ code, message, pos: [from] }): Problem => {
    const { line, col } = lines.linePos(from)
    return { path: [], message: `it is not YAML: ${withoutQuotes(message) || code}`, line, column: col }
  })
  const located = (found: readonly Problem[]) => locate(found, document, lines)
  if (problems.length > 0) return { value: undefined, problems, located }
  try {
    return { value: document.toJS(), problems, located }
  } catch {
    // Also where they refer to each other so often that the value would be without end.
    const message = 'it is not YAML: an alias ("*name") has no anchor before it, or there are too many'
    return { value: undefined, problems: [{ path: [], message }], located }
  }
}

/** "Unexpected scalar in YAML stream: …" goes on with what stands there. */
const withoutQuotes = (message: string): string =>
  message
    .replace(/^Missing closing .*$/s, 'a quote is not closed')
    .replace(/[:\s]*["'`].*$/s, '')
    .replace(/\.$/, '')
    .trim()

const locate = (problems: readonly Problem[], document: Document, lines: LineCounter): Problem[] => {
  const located = problems
    .map((problem) => ({
      ...problem,
      ...(problem.line === undefined && placeOf(problem.path, document, lines)),
    }))
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
  const more = located.length - PROBLEMS_MAX
  if (more <= 0) return located
  return [...located.slice(0, PROBLEMS_MAX), { path: [], message: `and ${more} more` }]
}

/** Of a field that is missing, where it would have to be. */
const placeOf = (path: Path, document: Document, lines: LineCounter): { line?: number; column?: number } => {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = keyOffset(document, path.slice(0, length))
    if (offset === undefined) continue
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  return {}
}

interface Ranged {
  range?: [number, number, number] | null
}

const keyOffset = (document: Document, path: Path): number | undefined => {
  const name = path.at(-1)
  const parent = (path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)) as {
    items?: ({ key?: { value?: unknown } & Ranged } & Ranged)[]
  } | null
  const item =
    typeof name === 'number'
      ? parent?.items?.[name]
      : parent?.items?.find(({ key }) => String(key?.value) === name)
  return (item?.key ?? item)?.range?.[0]
}

/** One line each, or one sentence where there is one. */
export const toldProblems = (problems: readonly Problem[]): string => {
  const told = problems.map(({ path, message, line, column }) => {
    const place = line === undefined ? '' : `line ${line}, column ${column}`
    const where = [place, nameOf(path)].filter((part) => part !== '').join(', ')
    return `${where === '' ? '' : `${where}: `}${message}.`.replace(/([.?!])\.$/, '$1')
  })
  return told.length === 1 ? String(told[0]) : told.map((each) => `\n  ${each}`).join('')
}
