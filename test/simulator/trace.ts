import type { FetchedRecord } from '../../src/kafka/fetch.ts'

/** A record as one line for people. */
export const lineFor = (topic: string, { offset, key, value, headers }: FetchedRecord): string => {
  const place = `    ${topic}@${offset}`
  if (value === null) return `${place} tombstone ${key}`
  const { kind = '', ...rest } = headers
  const text = value.toString('utf8')
  if (kind === 'event')
    return `${place} event ${rest.seq} of ${rest.claim}${rest.cause ? ` (${rest.cause})` : ''} ${text}`
  if (kind === 'run') return `${place} run record of ${rest.claim} ${rest.first}-${rest.last}`
  return `${place} ${kind || key} ${text.length > 300 ? `${text.slice(0, 300)}…` : text}`
}
