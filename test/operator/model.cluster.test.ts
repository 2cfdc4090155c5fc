import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeOnCluster } from '../kubernetes/on-cluster.ts'
import { ModelRun } from './model/run.ts'
import { bursts } from './model/steps.ts'

/** How many times edits are made and all is quiet again; each takes some seconds. */
const BURSTS = Number(process.env.ENGAGEOPS_MODEL_BURSTS ?? 8)
/** Of what happens; a failure says it, and the same happens again with it. */
const SEED = Number(process.env.ENGAGEOPS_MODEL_SEED ?? randomInt(1 << 30))

/**
 * Whatever is declared, edited, deleted, spoilt by hand and restarted: when all is quiet, warehouses and CronJobs are what
 * a simple model says of the manifests (model/), what people made is as they left it, and a second look changes nothing.
 */
describeOnCluster('three spaces in two warehouses', (cluster) => {
  test(`are as declared after each of ${BURSTS} bursts of changes`, { timeout: 60_000 + BURSTS * 60_000 }, async () => {
    const property = fc.asyncProperty(bursts(BURSTS), async (all) => {
      await using run = await ModelRun.start(cluster())
      expect(await run.complaints(), 'at the start').toEqual([])
      for (const [index, burst] of all.entries()) {
        const where = () => `burst ${index + 1} of ENGAGEOPS_MODEL_SEED=${SEED}:\n${run.story.join('\n')}\n`
        await run.work(burst).catch((error: unknown) => {
          throw new Error(`${where()}${error}`)
        })
        expect(await run.complaints(), where()).toEqual([])
        expect(await run.secondLook(), `a second look after ${where()}`).toEqual([])
      }
    })
    // Not shrunk: a burst takes seconds, and the cluster is not new.
    const { errorInstance } = await fc.check(property, { seed: SEED, numRuns: 1, endOnFailure: true })
    if (errorInstance !== null) throw errorInstance
  })
})
