import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Examples import the package by its name, as their readers will.
  resolve: {
    alias: { 'kafka-agent-runner/agents': new URL('src/agents/index.ts', import.meta.url).pathname },
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/broker-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The machines have two cores, and a broker needs one of them.
    maxWorkers: 2,
  },
})
