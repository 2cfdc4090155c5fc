import { defineConfig } from 'vitest/config'

/** Tests that need a Kubernetes: those of the harness itself, and by name everywhere else. */
const ON_CLUSTER = ['test/kubernetes/**/*.test.ts', 'test/**/*.cluster.test.ts']

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ON_CLUSTER,
          globalSetup: ['test/warehouses/postgres-global.ts', 'test/warehouses/databricks-global.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ON_CLUSTER,
          globalSetup: ['test/warehouses/postgres-global.ts', 'test/kubernetes/global.ts'],
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
