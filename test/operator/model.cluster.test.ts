import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeOnCluster } from '../kubernetes/on-cluster.ts'
import { ModelRun } from './model/run.ts'
import { bursts } from './model/steps.ts'

/** How many times edits are made and all is quiet again; each takes some seconds. */
const BURSTS = Number(process.env.ENGAGEOPS_MODEL_BURSTS ?? 8)
/** Of what happens; the same again with ENGAGEOPS_MODEL_SEED. */
const SEED = Number(process.env.ENGAGEOPS_MODEL_SEED ?? randomInt(1 << 30))

/**
 * Whatever is declared, edited, deleted, spoilt by hand and restarted: when all is quiet, warehouses and CronJobs are what
 * a simple model says of the manifests (model/), what people made is as they left it, and a second look changes nothing.
 */
describeOnCluster('three spaces in two warehouses', (cluster) => {
  test(
    `are as declared after ${BURSTS} bursts of changes (ENGAGEOPS_MODEL_SEED=${SEED})`,
    async () => {
      const property = fc.asyncProperty(bursts(BURSTS), async (all) => {
        await using run = await ModelRun.start(cluster())
        for (const [index, burst] of all.entries()) {
          await run.work(burst)
          expect(await run.complaints(), `after burst ${index + 1}`).toEqual([])
          expect(await run.secondLook(), `a second look after burst ${index + 1}`).toEqual([])
        }
      })
      // Not shrunk: a burst takes seconds, and the cluster is not new.
      await fc.assert(property, { seed: SEED, numRuns: 1, endOnFailure: true })
    },
    60_000 + BURSTS * 60_000,
  )
})
