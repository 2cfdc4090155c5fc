import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { applyFolder } from '../../src/local/apply-folder.ts'
import type { Folder } from '../../src/local/folder.ts'
import { syncFolder } from '../../src/local/sync-folder.ts'
import { BreakableForward } from '../operator/breakable-forward.ts'
import { type Place, SERVERS } from '../warehouses/places.ts'
import { Quickstart } from '../warehouses/quickstart.ts'

/** Until an apply or a sync must have given up on a warehouse, in milliseconds. */
const DEADLINE_MS = 45_000
/** Connections that an apply may try of a warehouse that does not answer: a few for each resource, and no storm. */
const MOST_ATTEMPTS = 20

/** What a person sees of a folder: conditions, steps, problems, runs. Secrets must not be in it. */
const seen = (folder: Folder, ...more: unknown[]): string =>
  JSON.stringify([folder.store.all().map(({ status }) => status), ...more])

const readyOf = (folder: Folder, kind: string) =>
  folder.store
    .all()
    .filter((resource) => resource.kind === kind)
    .map(({ status }) => status?.conditions.find(({ type }) => type === 'Ready')?.reason)

for (const { kind, lacks, start } of SERVERS) {
  const title = lacks === undefined ? `${kind}, through a way that breaks` : `${kind} (skipped: no ${lacks})`
  describe.skipIf(lacks !== undefined)(title, () => {
    let place: Place
    let way: BreakableForward
    let quickstart: Quickstart
    beforeEach(async () => {
      place = await start()
      if (!place.server) throw new Error(`${kind} has no server`)
      way = await BreakableForward.to(place.server.port)
      quickstart = await Quickstart.at({ ...place, block: place.server.through(way.port) })
    }, 240_000)
    afterEach(async () => {
      await way[Symbol.asyncDispose]()
      await quickstart[Symbol.asyncDispose]()
    })

    const expectNoSecret = (text: string) => {
      for (const secret of Object.values(place.environment)) {
        for (const line of secret.split('\n').filter((part) => part.length > 7)) expect(text).not.toContain(line)
      }
    }

    async function applied(folder: Folder): Promise<number> {
      const begin = performance.now()
      const { problems } = await applyFolder(folder)
      expectNoSecret(seen(folder, problems))
      return performance.now() - begin
    }

    test.each(['cut', 'hushed'])(
      '%s: a condition says so in time, and all heals when it is back',
      { timeout: 300_000 },
      async (how) => {
        if (how === 'cut') way.cut()
        else way.hush()
        const folder = await quickstart.open()
        expect(await applied(folder)).toBeLessThan(DEADLINE_MS)
        expect(way.attempts).toBeLessThan(MOST_ATTEMPTS)
        expect(readyOf(folder, 'WarehouseDestination')).toEqual(['WarehouseUnreachable'])
        expect(new Set(readyOf(folder, 'Activation'))).toEqual(new Set(['DestinationNotReady']))

        way.mend()
        await applied(folder)
        expect(new Set(folder.store.all().flatMap(({ kind }) => readyOf(folder, kind)))).toEqual(new Set(['Ready']))
      },
    )

    test('cut while a sync runs: the run has failed, and the next one loads everything', {
      timeout: 300_000,
    }, async () => {
      let ahead = 0
      const folder = await quickstart.open({ now: () => new Date(Date.now() + ahead) })
      await applied(folder)
      const begin = performance.now()
      const cut = await syncFolder(folder, { onProgress: () => way.cut() })
      expect(performance.now() - begin).toBeLessThan(DEADLINE_MS)
      way.mend()
      expectNoSecret(seen(folder, cut))
      const failed = [...cut.runs.map(({ status }) => status), ...cut.problems.map(({ reason }) => reason)]
      expect(failed.some((status) => status !== 'Success')).toBe(true)

      // Without transactions what got no answer may still run: the lease is not given back, and expires within an hour.
      ahead = 3_601_000
      const { runs, problems } = await syncFolder(folder)
      expect(problems).toEqual([])
      expect(runs.map(({ status }) => status)).toEqual(['Success'])
      const { 'engage_default.users': users } = await quickstart.tables()
      expect(users?.length).toBeGreaterThan(0)
    })
  })
}
