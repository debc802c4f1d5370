/**
 * Starts runs for the records of any topics, by the rules of `--config <file>`: docs/triggers.md. SIGTERM
 * finishes what is in hand. The same as `kar triggers`; start as many as the topics have partitions.
 */
import { runCommandLine } from '../src/cli/command-line.ts'

process.exit(await runCommandLine(['triggers', ...process.argv.slice(2)]))
