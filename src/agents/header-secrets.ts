const SCHEMES = /^(bearer|basic|token|apikey)$/i

/**
 * What of request headers must not be told: the values, and the parts of them that a platform could repeat alone,
 * such as the token of `Bearer …` or of a cookie. The longest come first, so that none is left in pieces.
 */
export const secretsInHeaders = (headers: Readonly<Record<string, string>>): string[] => {
  const parts = Object.values(headers).flatMap((value) => [value, ...value.split(/[\s;]+/).map(assigned)])
  const secret = parts.filter((part) => part !== '' && !SCHEMES.test(part))
  return [...new Set(secret)].sort((one, other) => other.length - one.length)
}

/** Of `name=value`. */
const assigned = (part: string): string => (/^[\w.-]+=/.test(part) ? part.slice(part.indexOf('=') + 1) : part)

/** The values in an address's query, as they are written there: some take keys so. */
export const secretsInQuery = (url: string): string[] =>
  [...url.matchAll(/[?&][^=&#]*=([^&#]+)/g)].flatMap(([, value]) => value ?? [])
