import type { BaseEvent } from '@ag-ui/client'

type Fields = Record<string, unknown>

/** What events lead to, joined deltas or not: enough to compare two readers by, without an AG-UI client. */
export const foldOf = (events: readonly BaseEvent[]): string => {
  const items: string[] = []
  const texts = new Map<string, { at: number; text: string }>()
  let state: Fields = {}
  for (const event of events) {
    const { type, delta, rawEvent: _mark, ...rest } = event as unknown as Fields
    if (type === 'STATE_SNAPSHOT') state = { ...(rest.snapshot as Fields) }
    else if (type === 'STATE_DELTA') state = patched(state, delta)
    else if (typeof delta === 'string') {
      const key = JSON.stringify([type, rest.messageId, rest.toolCallId])
      const known = texts.get(key)
      if (known !== undefined) known.text += delta
      else {
        texts.set(key, { at: items.length, text: delta })
        items.push(key)
      }
    } else items.push(JSON.stringify({ type, ...rest }))
  }
  for (const { at, text } of texts.values()) items[at] += ` ${text}`
  const sorted = Object.entries(state).sort(([a], [b]) => (a < b ? -1 : 1))
  return [...items, JSON.stringify(sorted)].join('\n')
}

/** The scripts only ever add or remove a field of the root. */
const patched = (state: Fields, delta: unknown): Fields => {
  const next = { ...state }
  for (const { op, path, value } of delta as { op: string; path: string; value?: unknown }[]) {
    if (op === 'remove') delete next[path.slice(1)]
    else next[path.slice(1)] = value
  }
  return next
}

/** The first line in which two folds differ. */
export const differenceOf = (one: string, other: string): string => {
  const others = other.split('\n')
  const at = one.split('\n').findIndex((line, index) => line !== others[index])
  return `${one.split('\n')[at] ?? '(nothing)'} instead of ${others[at === -1 ? one.split('\n').length : at] ?? '(nothing)'}`
}
