import { setImmediate } from 'node:timers/promises'

/**
 * The rejections that nobody handled while something was done. The peer leaves one behind; without this the
 * test runner would count it as its own failure.
 */
export const unhandledDuring = async <T>(
  act: () => Promise<T>,
): Promise<{ result: T; unhandled: unknown[] }> => {
  const unhandled: unknown[] = []
  const others = process.listeners('unhandledRejection')
  const remember = (reason: unknown) => void unhandled.push(reason)
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', remember)
  try {
    const result = await act()
    await setImmediate()
    return { result, unhandled }
  } finally {
    process.off('unhandledRejection', remember)
    for (const listener of others) process.on('unhandledRejection', listener)
  }
}
