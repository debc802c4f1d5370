const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A terminal and npm may both pass on the one Ctrl-C that a person typed. */
const SAME_MS = 300

/** Calls `first` on the first signal to end, `again` on each one after. The function that is given ends that. */
export const onSignals = (first: (signal: string) => void, again: () => void): (() => void) => {
  let since: number | undefined
  const listener = (signal: string) => {
    if (since === undefined) {
      since = performance.now()
      first(signal)
    } else if (performance.now() - since > SAME_MS) again()
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}
