import { basename } from 'node:path'
import { secretsInHeaders } from '../../../header-secrets.ts'
import { redact } from '../../../redact.ts'
import type { McpServerSettings } from '../settings.ts'

/** What of a server's settings is never told: values of its environment, its headers and its address. */
export const secretsOfServer = (settings: McpServerSettings): string[] => {
  if (settings.transport === 'stdio') return longestFirst(Object.values(settings.env))
  const { username, password, searchParams } = new URL(settings.url)
  const inAddress = [username, password, decodeURIComponent(password), ...searchParams.values()]
  return longestFirst([...secretsInHeaders(settings.headers), ...inAddress])
}

/** One may be a part of another. */
const longestFirst = (secrets: string[]): string[] => secrets.sort((one, other) => other.length - one.length)

export const withoutSecrets = (text: string, settings: McpServerSettings): string =>
  redact(text, secretsOfServer(settings))

/** Where a server is, for people: its address without query and user, or its program. */
export const placeOf = (settings: McpServerSettings): string => {
  if (settings.transport === 'stdio') return basename(settings.command)
  const { origin, pathname } = new URL(settings.url)
  return `${origin}${pathname}`
}
