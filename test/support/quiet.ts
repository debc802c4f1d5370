import type { Logger } from '../../src/logger.ts'

/** For tests in which things go wrong on purpose. */
export const quiet: Logger = { info: () => {}, warn: () => {}, error: () => {} }
