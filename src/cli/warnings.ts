/**
 * kafkajs 2.2.4 sets timers to times that have passed (its issue 1751), for which Node 24 prints a warning.
 * Only here: a library leaves the warnings of its user's process alone.
 */
export const filterWarnings = (): void => {
  const listeners = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name === 'TimeoutNegativeWarning') return
    for (const listener of listeners) listener(warning)
  })
}
