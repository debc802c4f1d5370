/**
 * A worker process: executes the agents of consumers/agents.ts, or of the module that KAR_AGENTS names, for
 * everybody who asks through the brokers in KAFKA_BROKERS. SIGTERM lets its runs end first. The same as
 * `kar worker`; start as many as there is work for.
 */
import { runCommandLine } from '../src/cli/command-line.ts'

process.exit(await runCommandLine(['worker', ...process.argv.slice(2)]))
