import type { BaseEvent } from '@ag-ui/client'
import { type Observable, Subscription } from 'rxjs'
import { onSignals } from '../serve/signals.ts'

export type Watched = { how: 'completed'; last: BaseEvent | undefined } | { how: 'interrupted' }

/** Prints events until they end or Ctrl-C; rejects with what the stream errs with. */
export const watch = async (
  events: Observable<BaseEvent>,
  print: (event: BaseEvent) => void,
): Promise<Watched> => {
  const ended = Promise.withResolvers<Watched>()
  const subscription = new Subscription()
  const release = onSignals(
    () => {
      subscription.unsubscribe()
      ended.resolve({ how: 'interrupted' })
    },
    () => process.exit(130),
  )
  let last: BaseEvent | undefined
  subscription.add(
    events.subscribe({
      next: (event) => {
        last = event
        print(event)
      },
      error: ended.reject,
      complete: () => ended.resolve({ how: 'completed', last }),
    }),
  )
  try {
    return await ended.promise
  } finally {
    release()
  }
}
