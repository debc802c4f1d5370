import type { EventRecord } from './record.ts'

/** Deeper than any event that makes sense; a recursion of one's own would end in a stack overflow. */
const DEPTH_MAX = 100

/** A copy of what JSON.parse gave; several times as fast as parsing or cloning it. */
export const copyJson = <T>(value: T, depth = 0): T => {
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEPTH_MAX) return structuredClone(value)
  if (Array.isArray(value)) return value.map((item) => copyJson(item, depth + 1)) as T
  const copy = { ...value }
  for (const key in copy) if (typeof copy[key] === 'object') copy[key] = copyJson(copy[key], depth + 1)
  return copy
}

/** The same record with an event of its own: what a reader does to its event is nobody else's business. */
export const copyOf = (record: EventRecord): EventRecord => ({ ...record, event: copyJson(record.event) })
