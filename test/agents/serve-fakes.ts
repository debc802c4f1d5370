/**
 * Serves the fakes of all platforms, to try the command line against them:
 *
 *   node test/agents/serve-fakes.ts
 *
 * Prints an agents.yaml with their addresses and keys; ends at Ctrl-C.
 */
import { readFileSync } from 'node:fs'
import { startPlatforms } from './kafka/platforms.ts'

const { file, stop } = await startPlatforms()
process.stdout.write(readFileSync(file, 'utf8'))
process.once('SIGINT', () => void stop())
