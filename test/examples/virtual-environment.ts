import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { madeOnce, output } from './made-once.ts'

const NEED = 'python3 with its venv module (Debian: python3-venv), and pip’s package index the first time'

/** A Python that has what the file of requirements names. */
export const pythonWith = async (requirements: string): Promise<string> => {
  const which = 'import sys; print(sys.executable, sys.version)'
  const interpreter = await output('python3', ['-c', which], { need: NEED })
  const inputs = [await readFile(requirements, 'utf8'), interpreter]
  const folder = await madeOnce('examples-python', inputs, async (draft) => {
    await output('python3', ['-m', 'venv', draft], { need: NEED })
    const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', requirements]
    await output(join(draft, 'bin/python'), install, { need: NEED })
  })
  return join(folder, 'bin/python')
}
