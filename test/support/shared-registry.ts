import { afterAll, beforeAll, inject } from 'vitest'
import { type Registry, startRegistry } from './registry.ts'

/** The registry of this run of the tests, else one of this file's own. Their prefixes tell tests apart. */
export const useSharedRegistry = (): { readonly url: string } => {
  const existing = inject('registryUrl')
  let own: Registry | undefined
  beforeAll(async () => {
    if (existing === undefined) own = await startRegistry()
    // The first time Maven brings it.
  }, 180_000)
  afterAll(() => own?.stop())
  return {
    get url() {
      return existing ?? own!.url
    },
  }
}
