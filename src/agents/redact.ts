const SHORT = 6

/** A text without the secrets: platforms repeat keys in their error messages. */
export const redact = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((told, secret) => (secret.length < SHORT ? told : told.replaceAll(secret, '…')), text)
