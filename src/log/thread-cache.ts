import { LRUCache } from 'lru-cache'
import { LIMITS } from '../config.ts'
import type { ThreadState } from './reducer.ts'

/** What is kept of a run beside its id: generous, in ids. */
const IDS_OF_RUN = 5

/** How many ids a thread's state holds, about; each takes some 150 bytes. */
export const idsOf = ({ past, rejected, memories }: ThreadState): number =>
  IDS_OF_RUN * (past.length + 1) + rejected.length + (memories === undefined ? 0 : inIds(memories))

/** What agents remember, as if it were ids. */
const inIds = (memories: object): number => Math.ceil(JSON.stringify(memories).length / 150)

/**
 * The most recently used threads: as many as wanted, as long as they hold no more ids than `LIMITS` allow.
 * One that holds more alone is kept alone.
 */
export const createThreadCache = <T extends object>(
  max: number,
  sizeOf: (value: T) => number,
  idsMax: number = LIMITS.cachedIdsMax,
): LRUCache<string, T> =>
  new LRUCache({
    max,
    maxSize: idsMax,
    sizeCalculation: (value) => Math.min(Math.max(1, sizeOf(value)), idsMax),
  })
