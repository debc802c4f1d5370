import { defineConfig } from 'vitest/config'

/** `npm run test:scaling`: what brings hundreds of megabytes the first time, and takes a minute later. */
export default defineConfig({
  test: {
    include: ['test/scaling/**/*.scaling.ts'],
    globalSetup: ['test/support/broker-setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
})
