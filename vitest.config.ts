import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/broker-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The machines have two cores, and a broker needs one of them.
    maxWorkers: 2,
  },
})
