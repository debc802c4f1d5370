import { printable, style } from './terminal.ts'

export type Format = Parameters<typeof style>[0]

/** Width of the column that says who or what. */
const INDENT = 10
/** Of a terminal that is narrower there is no use in wrapping. */
const WIDTH_MIN = 40

/** Characters that take two columns, and after which a line may end. */
const WIDE =
  '[\\u1100-\\u115f\\u2e80-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6]'
const WIDE_ONE = new RegExp(`^(?:${WIDE}|\\p{Emoji_Presentation})$`, 'u')
const TOKENS = new RegExp(`\\n|[^\\S\\n]+|${WIDE}|(?:(?!${WIDE})\\S)+`, 'gu')

const widthOf = (text: string): number =>
  Array.from(text).reduce((width, character) => width + (WIDE_ONE.test(character) ? 2 : 1), 0)

/**
 * Writes text that comes in pieces beside its heading. On a terminal it ends lines between words, for which
 * a word waits until it is known to be whole; elsewhere text goes out as it is.
 */
export class TextColumn {
  readonly #out: NodeJS.WriteStream
  #open = false
  #column = 0
  /** A word that may go on with the next piece, and how it looks. */
  #word = ''
  #format: Format = 'reset'

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  begin(heading: string, format: Format): void {
    this.end()
    this.#out.write(style(format, heading, this.#out) + ' '.repeat(INDENT - heading.length))
    this.#open = true
    this.#column = INDENT
  }

  write(text: string, format: Format): void {
    this.#format = format
    const tokens = (this.#word + printable(text)).match(TOKENS) ?? []
    this.#word = ''
    const last = tokens.at(-1)
    if (this.#width !== Number.POSITIVE_INFINITY && last !== undefined && /^\S/.test(last)) {
      this.#word = tokens.pop() ?? ''
    }
    this.#out.write(tokens.map((token) => this.#laidOut(token)).join(''))
  }

  /** Ends the line, if one is open. */
  end(): void {
    if (!this.#open) return
    this.#out.write(`${this.#word === '' ? '' : this.#laidOut(this.#word)}\n`)
    this.#word = ''
    this.#open = false
  }

  get #width(): number {
    const { columns } = this.#out
    return this.#out.isTTY && columns >= WIDTH_MIN ? columns : Number.POSITIVE_INFINITY
  }

  /** The token as it goes out, after a new line where it does not fit. */
  #laidOut(token: string): string {
    const width = token === '\n' ? 0 : widthOf(token)
    const full = this.#column > INDENT && this.#column + width > this.#width
    const head = token === '\n' || full ? `\n${' '.repeat(INDENT)}` : ''
    if (head !== '') this.#column = INDENT
    if (head !== '' && /^\s/.test(token)) return head
    this.#column += width
    return head + style(this.#format, token, this.#out)
  }
}
