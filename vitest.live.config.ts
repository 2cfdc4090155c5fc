import { defineConfig } from 'vitest/config'

/** Tests on a real account: see docs/warehouses/live.md. */
export default defineConfig({
  test: { include: ['test/live/**/*.live.ts'], testTimeout: 600_000, hookTimeout: 600_000 },
})
