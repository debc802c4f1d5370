import type { BaseEvent } from '@ag-ui/client'

/**
 * An AG-UI event by its wire form. The rules of a run compare plain type strings, so that they need no enum
 * at run time and hold for every client version. A BaseEvent is one of these without a conversion.
 */
export interface AnyEvent {
  readonly type: string
  readonly [field: string]: unknown
}

/** For events that this library makes itself: the way back to the client's own type. */
export const toBaseEvent = (event: AnyEvent): BaseEvent => event as BaseEvent

/** A field's value where it is a string; agents hand over plain objects that no schema has checked. */
export const stringField = (event: AnyEvent, field: string): string | undefined => {
  const value = event[field]
  return typeof value === 'string' ? value : undefined
}
