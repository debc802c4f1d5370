import { Writable } from 'node:stream'

/** A stream that puts a label before each line, and writes lines when they are whole: several may share an output. */
export class LineWriter extends Writable {
  readonly isTTY: boolean
  readonly columns: number
  readonly #out: NodeJS.WriteStream
  readonly #label: string
  #line = ''

  constructor(out: NodeJS.WriteStream, label: string, labelWidth: number) {
    super({ decodeStrings: false })
    this.#out = out
    this.#label = label
    this.isTTY = out.isTTY
    this.columns = (out.columns ?? 0) - labelWidth
  }

  override _write(text: string, _encoding: string, done: () => void): void {
    const lines = (this.#line + text).split('\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) if (line !== '') this.#out.write(`${this.#label}${line}\n`)
    done()
  }

  /** For who asks how many colours there are. */
  getColorDepth(env?: object): number {
    return this.#out.getColorDepth?.(env) ?? 1
  }
}
