import { createInterface } from 'node:readline/promises'
import { CommanderError } from 'commander'
import { EXIT } from './exit-code.ts'
import { complaint } from './terminal.ts'

/**
 * Asks for a yes, on standard error; true where that was given in advance.
 * @throws CommanderError where nobody can be asked
 */
export const confirmed = async (question: string, yes: boolean | undefined): Promise<boolean> => {
  if (yes) return true
  if (!process.stdin.isTTY) {
    console.error(complaint(`${question} Nobody can be asked here: add --yes.`))
    throw new CommanderError(EXIT.usage, 'kar.confirm', 'not confirmed')
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-C and Ctrl-D are a no.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
  try {
    return /^y(es)?$/i.test((await Promise.race([terminal.question(`${question} [y/N] `), closed])).trim())
  } finally {
    terminal.close()
  }
}
