import { CommanderError } from 'commander'
import { type ErrorCode, RunnerError } from '../errors.ts'

/** For scripts; docs/cli.md tells the same. */
export const EXIT = {
  ok: 0,
  /** The run ended with RUN_ERROR, nothing was stopped, there is no such thread, no worker is there. */
  failed: 1,
  /** The command, its options or the configuration are wrong, or what the machine has does not do. */
  usage: 2,
  /** The brokers or the schema registry do not answer, or could not be started. */
  unavailable: 3,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const

const USAGE: readonly string[] = [
  'CONFIG_INVALID',
  'AGENTS_MODULE_INVALID',
  'TOPIC_MISMATCH',
  'SCHEMA_UNREGISTERED',
  'SCHEMA_INCOMPATIBLE',
  'PORT_TAKEN',
  'DATA_DIR_IN_USE',
  'DATA_DIR_DAMAGED',
  'JAVA_MISSING',
  'MAVEN_MISSING',
  'PACKAGE_MISSING',
  'QUERY_INVALID',
] satisfies ErrorCode[]

const UNAVAILABLE: readonly string[] = [
  'BROKER_UNAVAILABLE',
  'BROKER_START_FAILED',
  'REGISTRY_UNAVAILABLE',
  'KAFKA_DOWNLOAD_FAILED',
  'READ_FAILED',
  'APPEND_FAILED',
] satisfies ErrorCode[]

/** The exit code for an error's code, also that of a RUN_ERROR event. */
export const exitCodeFor = (code: string | undefined): number => {
  if (code !== undefined && USAGE.includes(code)) return EXIT.usage
  if (code !== undefined && UNAVAILABLE.includes(code)) return EXIT.unavailable
  return EXIT.failed
}

export const exitCodeOf = (error: unknown): number => {
  // Zero for --help and --version, which commander throws too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  return exitCodeFor(error instanceof RunnerError ? error.code : undefined)
}
