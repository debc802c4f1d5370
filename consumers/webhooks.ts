/**
 * Posts what happens to runs to the HTTP endpoints of webhooks.yaml, or of the file that --config names, signed by
 * Standard Webhooks. SIGTERM finishes what is in flight. The same as `kar webhooks`: docs/webhooks.md. Start it twice,
 * and the two share the work.
 */
import { runCommandLine } from '../src/cli/command-line.ts'

process.exit(await runCommandLine(['webhooks', ...process.argv.slice(2)]))
