import { beforeAll, describe, expect, test } from 'vitest'
import { planFolder } from '../../src/local/plan-folder.ts'
import { syncFolder } from '../../src/local/sync-folder.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { MortalClient } from '../warehouses/mortal-client.ts'
import { DUCKDB, SERVERS } from '../warehouses/places.ts'
import { Quickstart, type Tables } from '../warehouses/quickstart.ts'

/** Points at which runs are cut off, spread over all statements of an undisturbed one. */
const CUTS = 8

/** When the lease of a client that died has expired everywhere. */
const later = () => new Date(Date.now() + 3_601_000)

async function load(quickstart: Quickstart, client = new MortalClient(), now = () => new Date()): Promise<void> {
  const options = { openWarehouse: client.opening(openWarehouse), now }
  await quickstart.apply(options)
  await quickstart.sync(options)
}

let onDuckDb: Tables
beforeAll(async () => {
  await using quickstart = await Quickstart.at(await DUCKDB.start())
  await load(quickstart)
  onDuckDb = await quickstart.tables()
})

for (const { kind, lacks, start } of [DUCKDB, ...SERVERS]) {
  const title = lacks === undefined ? `the quickstart on ${kind}` : `the quickstart on ${kind} (skipped: no ${lacks})`
  describe.skipIf(lacks !== undefined)(title, () => {
    test('gives the same tables as on DuckDB, and a second time changes nothing', { timeout: 240_000 }, async () => {
      await using quickstart = await Quickstart.at(await start())
      await load(quickstart)
      expect(await quickstart.tables()).toEqual(onDuckDb)

      const { plans } = await planFolder(await quickstart.open())
      expect(plans.flatMap(({ plan: { plan } }) => plan.statements)).toEqual([])
      const { runs } = await syncFolder(await quickstart.open())
      expect(runs.filter(({ opened }) => opened)).toEqual([])
      expect(await quickstart.tables()).toEqual(onDuckDb)
    })

    test('cut off between any two statements and run again, gives them too', { timeout: 480_000 }, async () => {
      const living = new MortalClient()
      {
        await using quickstart = await Quickstart.at(await start())
        await load(quickstart, living)
      }
      for (let cut = 1; cut <= CUTS; cut += 1) {
        const last = Math.ceil((living.spent * cut) / (CUTS + 1))
        const when = `after statement ${last} of ${living.spent}`
        await using quickstart = await Quickstart.at(await start())
        await expect(load(quickstart, new MortalClient(last)), when).rejects.toThrow()
        await load(quickstart, new MortalClient(), later)
        expect(await quickstart.tables(), when).toEqual(onDuckDb)
      }
    })
  })
}
