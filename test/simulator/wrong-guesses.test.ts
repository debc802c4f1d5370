import { afterEach, expect, it, vi } from 'vitest'
import type * as PresenceModule from '../../src/presence/presence.ts'

const SEEDS = 200
const TIME_OUT_MS = 240_000

afterEach(() => {
  vi.doUnmock('../../src/presence/presence.ts')
  vi.resetModules()
})

/** Presence is a guess, which may cost a run but never a promise. */
it(
  'keeps the promises when every worker takes all others for lost, always',
  async () => {
    vi.resetModules()
    vi.doMock('../../src/presence/presence.ts', async (importOriginal) => {
      const original = await importOriginal<typeof PresenceModule>()
      const createPresence: typeof original.createPresence = (options) => ({
        ...original.createPresence(options),
        isAlive: () => false,
      })
      return { ...original, createPresence }
    })
    const { simulate } = await import('./simulate.ts')
    const failures: string[] = []
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { violations } = await simulate(seed)
      if (violations.length > 0) failures.push(`seed ${seed}: ${violations.join('; ')}`)
    }
    expect(failures).toEqual([])
  },
  TIME_OUT_MS,
)
