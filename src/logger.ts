/** Where this library writes what a caller cannot see from its answers. Never event contents or headers. */
export interface Logger {
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

const line = (level: string, message: string, fields: Record<string, unknown> = {}): string => {
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
  return `${new Date().toISOString()} ${level} ${message}${rest.join('')}\n`
}

/** One line each on standard error; information is left out. @default of every `logger` option */
export const stderrLogger: Logger = {
  info: () => {},
  warn: (message, fields) => process.stderr.write(line('WARN', message, fields)),
  error: (message, fields) => process.stderr.write(line('ERROR', message, fields)),
}
