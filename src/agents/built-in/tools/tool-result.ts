import type { ToolOutcome } from './tool.ts'

export const NO_CONTENT = 'The tool returned no content.'

/** Of what is left of a result that is too long, so much is its beginning. */
const BEGINNING = 0.75

export const failure = (message: string): ToolOutcome => ({ content: `error: ${message}`, isError: true })

/** What code returned, as text for a model. Throws where it cannot be JSON. */
export const textOfValue = (value: unknown): string => {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** An outcome that a model can take: never empty, never above `charactersMax` but for the line that says so. */
export const bounded = ({ content, isError }: ToolOutcome, charactersMax: number): ToolOutcome => {
  if (content.trim() === '') return { content: NO_CONTENT, isError }
  return { content: previewOf(content, charactersMax), isError }
}

/** The beginning and the end of a text that is too long. What is between them is kept nowhere. */
export const previewOf = (text: string, charactersMax: number): string => {
  if (text.length <= charactersMax) return text
  const head = headOf(text, Math.floor(charactersMax * BEGINNING))
  const tail = tailOf(text, charactersMax - head.length)
  const left = text.length - head.length - tail.length
  const said =
    `[${count(left)} of ${count(text.length)} characters are left out here; they are kept nowhere. ` +
    'Ask the tool for less, or for another part.]'
  return `${head}\n\n${said}\n\n${tail}`
}

const count = (number: number): string => number.toLocaleString('en')

/** Not in the middle of a surrogate pair: half of one is no text. */
const headOf = (text: string, length: number): string =>
  text.slice(0, isLowSurrogate(text, length) ? length - 1 : length)

const tailOf = (text: string, length: number): string => {
  const from = text.length - length
  return text.slice(isLowSurrogate(text, from) ? from + 1 : from)
}

const isLowSurrogate = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff
}
