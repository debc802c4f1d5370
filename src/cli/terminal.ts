import { once } from 'node:events'
import { inspect, styleText } from 'node:util'
import { RunnerError } from '../errors.ts'

type Style = Parameters<typeof styleText>[0]

/** Colours where they are wanted: on a terminal, and not with NO_COLOR. */
export const style = (format: Style, text: string, stream: NodeJS.WriteStream): string =>
  styleText(format, text, { stream })

/** What comes from agents and users may hold control characters, which a terminal would obey. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd')

/** Says something beside the output, on standard error. */
export const note = (text: string): void => {
  console.error(style('dim', text, process.stderr))
}

export const complaint = (message: string): string => `${style('red', 'kar:', process.stderr)} ${message}`

/** One line for an error; its stack too with KAR_DEBUG. */
export const complain = (error: unknown): void => {
  const known = error instanceof RunnerError
  const message = error instanceof Error ? error.message : String(error)
  console.error(complaint(`${message}${known ? ` [${error.code}]` : ''}`))
  if (['1', 'true'].includes(process.env.KAR_DEBUG ?? '')) console.error(inspect(error))
}

/** As in `kar connect t | head`. */
export const endQuietlyOnClosedPipe = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
}

/** How this very program is called, for lines that tell what to try. */
export const KAR = import.meta.filename.endsWith('.ts')
  ? 'npm run kar --'
  : process.env.npm_command === 'exec'
    ? 'npx kar'
    : 'kar'

/** A word of a shell command. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** Resolves once all output is out: a pipe that its reader empties slowly may still have some of it to take. */
export const written = async (): Promise<void> => {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<unknown>((resolve) => stream.write('', resolve))
  }
}

/** Resolves when more may be written: what a slow pipe has not taken is held in memory. */
export const drained = async (stream: NodeJS.WriteStream): Promise<void> => {
  if (stream.writableNeedDrain) await once(stream, 'drain')
}
