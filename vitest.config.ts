import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Tests that need a Kubernetes: those of the harness itself, and by name everywhere else. */
const ON_CLUSTER = ['test/kubernetes/**/*.test.ts', 'test/**/*.cluster.test.ts']

/** Tests of the constructs, over packages that are packed and installed first. */
const OF_CONSTRUCTS = ['test/cdktf/**/*.test.ts']

/** Files that take minutes, the longest first: begun last, they would keep one core busy while the others wait. */
const SLOW = [/warehouses\/databricks\.test/, /databricks|bigquery|quickstart-everywhere|warehouse-faults|bad-inputs/]

const rankOf = ({ moduleId }: TestSpecification): number => {
  const rank = SLOW.findIndex((names) => names.test(moduleId))
  return rank < 0 ? SLOW.length : rank
}

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b))
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: SlowFirst },
    // Two more than the default: most tests wait, for servers or for what has to time out.
    maxWorkers: availableParallelism() + 1,
    // For what hangs, not for what is slow: machines differ, and share their cores.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...ON_CLUSTER, ...OF_CONSTRUCTS],
          globalSetup: ['test/warehouses/postgres-global.ts', 'test/warehouses/databricks-global.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'constructs', include: OF_CONSTRUCTS, globalSetup: ['test/cdktf/global.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ON_CLUSTER,
          globalSetup: ['test/warehouses/postgres-global.ts', 'test/kubernetes/global.ts'],
          // They have one cluster: some of them drain its node, or take definitions away.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
