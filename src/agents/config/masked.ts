import { type FieldSchema, schemasAt } from './known-fields.ts'
import type { Path } from './problem.ts'

const MASK = '…'
const SECRET_FIELD =
  /(^|_)(api_?key|access_?key|secret_?key|key|token|secret|password|authorization|auth_?header|credentials?)$/i
/** Which of a query's keys tell a place in a platform and no secret. */
const PLAIN_FIELD = /(query_input|workflow_output|input|output)_key$/i
/** Maps whose values are secrets more often than not. */
const SECRET_MAPS = new Set(['headers', 'env'])

/** A text that is nothing but variables, with the word before a token: it tells where a secret comes from. */
const ONLY_VARIABLES = /^((Bearer|Basic|Token) +)?(\$\{[A-Za-z_][A-Za-z0-9_]*\})+$/i

/** The fields of an agent as they are written, to be shown: what is secret, or may be, is left out. */
export const masked = (written: Record<string, unknown>, fields: FieldSchema): Record<string, unknown> =>
  shown(written, [], fields) as Record<string, unknown>

const shown = (value: unknown, path: Path, fields: FieldSchema): unknown => {
  if (Array.isArray(value)) return value.map((item, at) => shown(item, [...path, at], fields))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, shown(item, [...path, name], fields)]),
    )
  if (value === null || value === undefined || typeof value === 'boolean') return value
  if (isSecret(path, fields)) return ONLY_VARIABLES.test(String(value)) ? value : MASK
  return typeof value === 'string' ? withoutUser(value) : value
}

const isSecret = (path: Path, fields: FieldSchema): boolean => {
  const name = String(path.findLast((part) => typeof part === 'string') ?? '')
  if (path.slice(0, -1).some((part) => SECRET_MAPS.has(String(part)))) return true
  if (SECRET_FIELD.test(name) && !PLAIN_FIELD.test(name)) return true
  return path.some((_, at) => schemasAt(fields, path.slice(0, at + 1)).some(({ secret }) => secret === true))
}

/** An address may hold a password, or a key in its query. */
export const withoutUser = (text: string): string =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
    ? text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${MASK}@`).replace(/\?.*$/s, `?${MASK}`)
    : text
