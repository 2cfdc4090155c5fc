import { beforeAll, describe, expect, test } from 'vitest'
import { applyFolder } from '../../src/local/apply-folder.ts'
import type { Folder } from '../../src/local/folder.ts'
import { planFolder } from '../../src/local/plan-folder.ts'
import { syncFolder } from '../../src/local/sync-folder.ts'
import type { Session, Warehouse } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { DUCKDB, SERVERS } from '../warehouses/places.ts'
import { type Content, contentOf, QuickstartPlace } from './quickstart-place.ts'

/** Points at which runs are cut off, spread over all statements of an undisturbed one. */
const CUTS = 8

async function load(folder: Folder): Promise<void> {
  expect((await applyFolder(folder)).problems).toEqual([])
  const { runs, problems } = await syncFolder(folder)
  expect(problems).toEqual([])
  expect(runs.map(({ status }) => status)).toEqual(['Success'])
}

let onDuckDb: Content
beforeAll(async () => {
  await using quickstart = await QuickstartPlace.at(await DUCKDB.start())
  const folder = await quickstart.open()
  await load(folder)
  onDuckDb = await contentOf(folder)
})

for (const { kind, lacks, start } of [DUCKDB, ...SERVERS]) {
  const title = lacks === undefined ? `the quickstart on ${kind}` : `the quickstart on ${kind} (skipped: no ${lacks})`
  describe.skipIf(lacks !== undefined)(title, () => {
    test('gives the same tables as on DuckDB, and a second time changes nothing', { timeout: 240_000 }, async () => {
      await using quickstart = await QuickstartPlace.at(await start())
      const folder = await quickstart.open()
      await load(folder)
      expect(await contentOf(folder)).toEqual(onDuckDb)

      const { plans } = await planFolder(folder)
      expect(plans.flatMap(({ plan: { plan } }) => plan.statements)).toEqual([])
      const { runs } = await syncFolder(folder)
      expect(runs.filter(({ opened }) => opened)).toEqual([])
      expect(await contentOf(folder)).toEqual(onDuckDb)
    })

    test('cut off between any two statements and run again, gives them too', { timeout: 480_000 }, async () => {
      let statements = 0
      {
        await using quickstart = await QuickstartPlace.at(await start())
        await load(
          await quickstart.open({
            openWarehouse: cutOff(() => {
              statements += 1
            }),
          }),
        )
      }
      for (let cut = 1; cut <= CUTS; cut += 1) {
        const last = Math.ceil((statements * cut) / (CUTS + 1))
        let count = 0
        await using quickstart = await QuickstartPlace.at(await start())
        const dying = await quickstart.open({
          openWarehouse: cutOff(() => {
            count += 1
            if (count > last) throw new Error('cut off')
          }),
        })
        await expect(load(dying), `after statement ${last} of ${statements}`).rejects.toThrow()
        const folder = await quickstart.open()
        await load(folder)
        expect(await contentOf(folder), `after statement ${last} of ${statements}`).toEqual(onDuckDb)
      }
    })
  })
}

/** Warehouses whose sessions ask before each statement: once it throws they do nothing more, as if the process was gone. */
function cutOff(beforeEach: () => void): typeof openWarehouse {
  return async (block, environment): Promise<Warehouse> => {
    const warehouse = await openWarehouse(block, environment)
    return { ...warehouse, connect: async (signal) => asking(await warehouse.connect(signal), beforeEach) }
  }
}

const asking = (session: Session, beforeEach: () => void): Session =>
  new Proxy(session, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      const isStatement = property === 'execute' || property === 'query' || property === 'stage'
      return (...given: unknown[]) => {
        if (isStatement) beforeEach()
        return value.apply(target, given)
      }
    },
  })
