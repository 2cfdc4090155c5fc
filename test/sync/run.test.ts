import { appendFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EngageError } from '../../src/model/errors.ts'
import { DirectorySource } from '../../src/sources/directory.ts'
import type { Source, SourceObject } from '../../src/sources/port.ts'
import { startPostgres } from '../warehouses/postgres-server.ts'
import { type Manifests, SyncBench, WAREHOUSES } from './harness.ts'

const SPACE = { audiences: [{ key: 'vip' }, { key: 'new' }] }
const activation = (audience: string, more: object = {}) => ({ computation: { audience }, classic: {}, ...more })
const MANIFESTS: Manifests = { space: SPACE, activations: { vip: activation('vip') } }

const at = (number: number) => new Date(Date.UTC(2026, 2, 1, 0, 0, number)).toISOString()
const identify = (number: number, traits: object = {}) => ({
  type: 'identify',
  messageId: `i${number}`,
  userId: `u${number}`,
  receivedAt: at(number),
  traits: { vip: true, ...traits },
})
const entered = (number: number, audience: string, properties: object = {}) => ({
  type: 'track',
  event: 'Audience Entered',
  messageId: `t${number}`,
  userId: `u${number}`,
  receivedAt: at(number),
  properties: { audience_key: audience, [audience]: true, ...properties },
})
const ENTERED = 'engage_default.audience_entered'

/** A source that gives every line as a piece of its own, and does something before the second. */
function interrupted(root: string, work: () => Promise<void>): Source {
  const source = new DirectorySource('calls', root)
  return {
    name: source.name,
    list: () => source.list(),
    version: (object) => source.version(object),
    async *open(object, from) {
      let pieces = 0
      for await (const piece of source.open(object, from)) {
        for (let start = 0; start < piece.length; ) {
          const end = piece.indexOf('\n', start) + 1 || piece.length
          if (++pieces === 2) await work()
          yield piece.subarray(start, end)
          start = end
        }
      }
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  }
}

describe.each(WAREHOUSES)('a run on $name', ({ open }) => {
  let bench: SyncBench
  beforeEach(async () => {
    bench = await open()
  })
  afterEach(() => bench.remove())

  const ids = async (table = ENTERED) => (await bench.rows(table, 'id')).map(({ id }) => id)

  describe('backfill', () => {
    const both = (more: object = {}): Manifests => ({
      space: SPACE,
      activations: { vip: activation('vip'), new: activation('new', more) },
    })

    test('an activation that is added later gets the calls that were there', async () => {
      await bench.write('a.ndjson', [entered(1, 'vip'), entered(2, 'new')])
      await bench.sync(await bench.prepare(MANIFESTS))
      expect(await ids()).toEqual(['t1'])
      expect(await bench.sync(await bench.prepare(both()))).toMatchObject({ status: 'Success', rows: 1 })
      expect(await ids()).toEqual(['t1', 't2'])
    })

    test.each([[1], [undefined]])(
      'with None it gets only what comes after it (segments of %s)',
      async (segmentBytes) => {
        const segments = segmentBytes === undefined ? {} : { segmentBytes }
        await bench.write('a.ndjson', [entered(1, 'vip'), entered(2, 'new')])
        await bench.write('b.ndjson', [entered(3, 'new')])
        await bench.sync(await bench.prepare(MANIFESTS), segments)
        const order = await bench.prepare(both({ sync: { backfill: 'None' } }))
        await bench.write('c.ndjson', [entered(4, 'new'), entered(5, 'vip')])
        await bench.sync(order, segments)
        expect(await ids()).toEqual(['t1', 't5'])
        await bench.write('d.ndjson', [entered(6, 'new')])
        await appendFile(join(bench.root, 'calls', 'b.ndjson'), `${JSON.stringify(entered(7, 'new'))}\n`)
        await bench.sync(order, segments)
        expect(await ids()).toEqual(['t1', 't5', 't6', 't7'])
      },
    )

    test('with None, a first run that is cut off skips as much as a whole one', async () => {
      await bench.write('a.ndjson', [entered(1, 'vip'), entered(2, 'vip'), entered(3, 'new')])
      await bench.write('b.ndjson', [entered(4, 'new'), entered(5, 'vip')])
      const order = await bench.prepare(both({ sync: { backfill: 'None' } }))
      const stop = new AbortController()
      let opened = 0
      // Both files are opened once to find their ends, before the first is read.
      const source = interrupted(join(bench.root, 'calls'), async () => void (++opened === 3 && stop.abort()))
      expect(await bench.sync(order, { sources: [source], signal: stop.signal })).toMatchObject({ rows: 2 })
      await bench.sync(order)
      expect(await ids()).toEqual(['t1', 't2', 't5'])
    })

    test('with None, a last line that is cut counts as not there yet, a whole one as there', async () => {
      const order = await bench.prepare(both({ sync: { backfill: 'None' } }))
      const cut = JSON.stringify(entered(3, 'new'))
      await bench.writeBytes('a.ndjson', `${JSON.stringify(entered(1, 'new'))}\n${cut.slice(0, 40)}`)
      await bench.writeBytes('b.ndjson', JSON.stringify(entered(2, 'new')))
      await bench.sync(order)
      await appendFile(join(bench.root, 'calls', 'a.ndjson'), `${cut.slice(40)}\n`)
      await appendFile(join(bench.root, 'calls', 'b.ndjson'), `\n${JSON.stringify(entered(4, 'new'))}\n`)
      expect(await bench.sync(order)).toMatchObject({ status: 'Success', calls: 2, notices: [] })
      expect(await ids()).toEqual(['t3', 't4'])
    })

    test('with None, a file that cannot be read does not stop the run', async () => {
      const order = await bench.prepare(both({ sync: { backfill: 'None' } }))
      await bench.writeBytes('a.ndjson.gz', 'no gzip')
      await bench.write('b.ndjson', [entered(1, 'vip'), entered(2, 'new')])
      const source = interrupted(join(bench.root, 'calls'), async () => undefined)
      const locked: Source = {
        ...source,
        version: async (object) => {
          if (object.key === 'a.ndjson.gz') throw new EngageError('SourceUnreadable', 'Wait', 'a.ndjson.gz is locked')
          return source.version(object)
        },
      }
      expect(await bench.sync(order, { sources: [locked] })).toMatchObject({ status: 'Partial', rows: 1 })
      expect(await ids()).toEqual(['t1'])
      await bench.writeBytes('a.ndjson.gz', gzipSync(`${JSON.stringify(entered(3, 'new'))}\n`))
      await bench.sync(order)
      expect(await ids()).toEqual(['t1', 't3'])
    })

    test('with None, calls that come after a run that found nothing are loaded', async () => {
      const order = await bench.prepare(both({ sync: { backfill: 'None' } }))
      await bench.sync(order)
      await bench.write('a.ndjson', [entered(1, 'new')])
      await bench.sync(order)
      expect(await ids()).toEqual(['t1'])
    })

    /** As the reconciler does when a table is missing. */
    const remake = async (table: string) => {
      await bench.query(`DELETE FROM ${table} WHERE 1 = 1`)
      const [schema, tableName] = table.split('.')
      await bench.query(
        `INSERT INTO engageops.objects (schema_name, table_name, owner, incarnation) VALUES ('${schema}', '${tableName}', 'test', 'made again')`,
      )
      bench.mirror = undefined
    }

    test('a table that was made again is filled again, the others stay as they are', async () => {
      await bench.write('a.ndjson', [identify(1), entered(1, 'vip'), entered(2, 'new')])
      const order = await bench.prepare(both())
      await bench.sync(order)
      await remake(ENTERED)
      expect(await ids()).toEqual([])
      expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 2 })
      expect(await ids()).toEqual(['t1', 't2'])
      await remake('engage_default.users')
      await bench.query('DELETE FROM engageops.users_of_engage_default WHERE 1 = 1')
      expect(await bench.sync(order)).toMatchObject({ rows: 1 })
      expect(await ids('engage_default.users')).toEqual(['u1'])
    })

    test('a table that a sync makes on the way is no reason to read anything again', async () => {
      await bench.write('a.ndjson', [{ ...entered(1, 'vip'), event: 'Trait Computed' }])
      const order = await bench.prepare(both({ sync: { backfill: 'None' } }))
      await bench.sync(order)
      await bench.write('b.ndjson', [{ ...entered(2, 'new'), event: 'Trait Computed' }])
      expect(await bench.sync(order)).toMatchObject({ rows: 1, calls: 1 })
      expect(await ids('engage_default.trait_computed')).toEqual(['t1', 't2'])
    })
  })

  describe('files', () => {
    test('a file that grew is read from where the last run ended', async () => {
      const order = await bench.prepare(MANIFESTS)
      await bench.write('a.ndjson', [entered(1, 'vip')])
      await bench.sync(order)
      const more = `${JSON.stringify(entered(2, 'vip'))}\n`
      await appendFile(join(bench.root, 'calls', 'a.ndjson'), more)
      expect(await bench.sync(order)).toMatchObject({ rows: 1, calls: 1, bytes: more.length })
      expect(await ids()).toEqual(['t1', 't2'])
    })

    test('a file with another content under the same name is read from its start', async () => {
      const order = await bench.prepare(MANIFESTS)
      await bench.write('a.ndjson', [entered(1, 'vip'), entered(2, 'vip')])
      await bench.sync(order)
      await bench.write('a.ndjson', [entered(3, 'vip')])
      expect(await bench.sync(order)).toMatchObject({ rows: 1, calls: 1 })
      expect(await ids()).toEqual(['t1', 't2', 't3'])
    })

    const file = (text: string) => appendFile(join(bench.root, 'calls', 'a.ndjson'), text)
    const text = (number: number, properties: object = {}) => JSON.stringify(entered(number, 'vip', properties))
    const REWRITTEN = expect.objectContaining({ level: 'Info', message: expect.stringContaining('was rewritten') })

    test('a file that was rewritten in place with the same first line, but shorter, is read again from its start', async () => {
      const order = await bench.prepare(MANIFESTS)
      await bench.write('a.ndjson', [entered(1, 'vip'), entered(2, 'vip', { note: 'x'.repeat(500) })])
      await bench.sync(order)
      await bench.write('a.ndjson', [entered(1, 'vip'), entered(3, 'vip')])
      expect(await bench.sync(order)).toMatchObject({ calls: 2, notices: [REWRITTEN] })
      expect(await ids()).toEqual(['t1', 't2', 't3'])
      // Grows beyond the length that it had before: nothing is left out, and nothing is read twice.
      await file(`${text(4)}\n`)
      expect(await bench.sync(order)).toMatchObject({ calls: 1, notices: [] })
      await file(`${text(5, { note: 'x'.repeat(500) })}\n${text(6)}\n`)
      expect(await bench.sync(order)).toMatchObject({ calls: 2, notices: [] })
      expect(await ids()).toEqual(['t1', 't2', 't3', 't4', 't5', 't6'])
      await bench.write('a.ndjson', [entered(1, 'vip'), entered(7, 'vip')])
      expect(await bench.sync(order)).toMatchObject({ calls: 2, notices: [REWRITTEN] })
      bench.mirror = undefined
      expect(await bench.sync(order)).toMatchObject({ calls: 0, notices: [] })
      expect((await ids()).length).toBe(7)
    })

    test('a file that was rewritten with other lines, and is longer, is read again from its start', async () => {
      const order = await bench.prepare(MANIFESTS)
      await bench.write('a.ndjson', [entered(1, 'vip'), entered(2, 'vip')])
      await bench.sync(order)
      await bench.write('a.ndjson', [entered(1, 'vip'), entered(3, 'vip', { note: 'x'.repeat(500) })])
      expect(await bench.sync(order)).toMatchObject({ status: 'Success', calls: 2, notices: [REWRITTEN] })
      expect(await ids()).toEqual(['t1', 't2', 't3'])
      await file(`${text(4)}\n`)
      expect(await bench.sync(order)).toMatchObject({ calls: 1, notices: [] })
    })

    test.each(['\n', '\r\n'])('a whole last call without line end loads, once (then %j)', async (lineEnd) => {
      const order = await bench.prepare(MANIFESTS)
      await bench.writeBytes('a.ndjson', `${text(1)}${lineEnd}${text(2)}`)
      expect(await bench.sync(order)).toMatchObject({ status: 'Success', calls: 2, rows: 2, notices: [] })
      await file(lineEnd)
      expect(await bench.sync(order)).toMatchObject({ status: 'Success', calls: 0, notices: [] })
      await file(text(3))
      expect(await bench.sync(order)).toMatchObject({ calls: 1, notices: [] })
      await file(`${lineEnd}${text(4).slice(0, 50)}`)
      const waits = { level: 'Info', message: 'a.ndjson: the last line has no line end yet and waits', count: 1 }
      expect(await bench.sync(order)).toMatchObject({ status: 'Success', calls: 0, notices: [waits] })
      await file(text(4).slice(50))
      expect(await bench.sync(order)).toMatchObject({ calls: 1, notices: [] })
      expect(await ids()).toEqual(['t1', 't2', 't3', 't4'])
      expect(await bench.discards()).toEqual([])
    })

    test('a file that is gone takes nothing with it', async () => {
      const order = await bench.prepare(MANIFESTS)
      await bench.write('a.ndjson', [entered(1, 'vip')])
      await bench.sync(order)
      await rm(join(bench.root, 'calls', 'a.ndjson'))
      expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 0 })
      expect(await ids()).toEqual(['t1'])
    })

    test('compressed files, in folders too; each is read once, its last line needs no end', async () => {
      const order = await bench.prepare(MANIFESTS)
      await bench.writeBytes('2026/a.ndjson.gz', gzipSync(JSON.stringify(entered(1, 'vip'))))
      await bench.writeBytes('2026/b.jsonl.zst', zstdCompressSync(`${JSON.stringify(entered(2, 'vip'))}\n`))
      await bench.writeBytes('empty.ndjson.gz', gzipSync(''))
      expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 2 })
      bench.mirror = undefined
      expect(await bench.sync(order)).toMatchObject({ rows: 0, bytes: 0 })
      expect(await ids()).toEqual(['t1', 't2'])
    })

    test('a compressed file that is broken fails the run with its name; what it had to say comes with the next', async () => {
      const order = await bench.prepare(MANIFESTS)
      const whole = gzipSync(JSON.stringify(entered(1, 'vip')))
      await bench.writeBytes('a.ndjson.gz', whole.subarray(0, 40))
      const report = await bench.sync(order)
      expect(report).toMatchObject({ status: 'Failure', error: { reason: 'SourceUnreadable' } })
      expect(report.error?.message).toContain('a.ndjson.gz')
      await bench.writeBytes('a.ndjson.gz', whole)
      expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 1 })
    })

    test('a file that cannot be read stops no other, and is tried again', async () => {
      const order = await bench.prepare(MANIFESTS)
      await bench.write('a.ndjson', [entered(1, 'vip')])
      await bench.write('b.ndjson', [entered(2, 'vip'), entered(3, 'vip')])
      await bench.write('c.ndjson', [entered(4, 'vip')])
      const folder = join(bench.root, 'calls')
      const source = interrupted(folder, () => Promise.resolve())
      const gone = {
        ...source,
        version: async (object: SourceObject) => {
          if (object.key === 'b.ndjson') await rename(join(folder, 'b.ndjson'), join(folder, 'b'))
          return source.version(object)
        },
      }
      const report = await bench.sync(order, { sources: [gone] })
      expect(report).toMatchObject({ status: 'Partial', rows: 2, error: { reason: 'SourceUnreadable' } })
      expect(report.notices[0]).toMatchObject({ level: 'Error', message: expect.stringContaining('b.ndjson') })
      await rename(join(folder, 'b'), join(folder, 'b.ndjson'))
      expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 2 })
      expect(await ids()).toEqual(['t1', 't2', 't3', 't4'])
    })
  })

  test('tables gain and widen columns from segment to segment of one run', async () => {
    const order = await bench.prepare(MANIFESTS)
    const values = [1, 2.5, 'three', true]
    // A file each, since a segment ends no sooner than a piece of a file.
    for (const [index, value] of values.entries()) {
      await bench.write(`${index}.ndjson`, [identify(index, { level: value, [`only_${index}`]: index })])
    }
    const report = await bench.sync(order, { segmentBytes: 1 })
    const widens = bench.warehouse.dialect.canWiden('Float', 'String')
    expect(report).toMatchObject({ status: widens ? 'Success' : 'Partial', rows: 8 })
    for (const table of ['identifies', 'users']) {
      expect(await bench.rows(`engage_default.${table}`, 'user_id', 'level', 'only_2')).toEqual([
        { user_id: 'u0', level: '1' },
        // Its call is in the first segment, as that of u0.
        { user_id: 'u1', level: '2.5' },
        { user_id: 'u2', only_2: '2', ...(widens && { level: 'three' }) },
        { user_id: 'u3', ...(widens && { level: 'true' }) },
      ])
    }
    const columns = report.collections.find(({ collection }) => collection === 'users')?.newColumns
    expect(columns?.map((column) => column.name).sort()).toEqual(['level', 'only_0', 'only_1', 'only_2', 'only_3'])
    const [registered] = await bench.query(
      "SELECT type, origin FROM engageops.columns WHERE table_name = 'identifies' AND column_name = 'level'",
    )
    expect(registered).toEqual({ type: widens ? 'String' : 'Float', origin: 'Inferred' })
  })

  test('a column for which an earlier segment had no value that fits takes the type of the next', async () => {
    const order = await bench.prepare(MANIFESTS)
    const huge = JSON.stringify(identify(1, { level: 'HUGE' })).replace('"HUGE"', '1e400')
    // A segment each: one ends with a file, where a call of it had a new column.
    await bench.write('1.ndjson', [identify(0), huge])
    await bench.write('2.ndjson', [identify(2, { level: 'abc', other: 1 }), identify(3)])
    expect(await bench.sync(order, { segmentBytes: 1 })).toMatchObject({ status: 'Partial', rows: 8 })
    expect(await bench.rows('engage_default.users', 'user_id', 'level')).toEqual([
      { user_id: 'u0' },
      { user_id: 'u1' },
      { user_id: 'u2', level: 'abc' },
      { user_id: 'u3' },
    ])
  })

  test('a column of users that was dropped or renamed breaks nothing, and is filled again once it is back', async () => {
    const order = await bench.prepare(MANIFESTS)
    const users = { schema: 'engage_default', name: 'users' }
    const rows = () => bench.rows('engage_default.users')
    const of = (user: string, number: number, traits: object = {}) => ({ ...identify(number, traits), userId: user })
    const load = async (number: number, ...calls: object[]) => {
      await bench.write(`${number}.ndjson`, calls)
      expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 2 * calls.length })
    }
    await load(1, of('a', 1, { email: 'a@x', plan: 'one' }), of('b', 2, { email: 'b@x' }))
    await bench.change({ kind: 'DropColumn', table: users, column: 'email' })
    await bench.change({ kind: 'RenameColumn', table: users, from: 'plan', to: 'old_plan' })
    await load(2, of('a', 3))
    await load(3, of('a', 4), of('b', 5))
    const row = (user: string, time: number, more: object = {}) => ({
      ...{ id: user, user_id: user, received_at: at(time).replace('.000Z', 'Z'), vip: 'true' },
      ...more,
    })
    expect(await rows()).toEqual([row('a', 4, { old_plan: 'one' }), row('b', 5)])

    await load(4, of('b', 6, { email: 'new@x', plan: 'two' }))
    await load(5, of('a', 7))
    expect(await rows()).toEqual([
      row('a', 7, { email: 'a@x', plan: 'one', old_plan: 'one' }),
      row('b', 6, { email: 'new@x', plan: 'two' }),
    ])
  })

  test('widening can be forbidden: the value goes to discards', async () => {
    const order = await bench.prepare({ ...MANIFESTS, destination: { schemaPolicy: { widenTypes: 'Forbid' } } })
    await bench.write('a.ndjson', [entered(1, 'vip', { level: 1 })])
    await bench.sync(order)
    await bench.write('b.ndjson', [entered(2, 'vip', { level: 'two' })])
    expect(await bench.sync(order)).toMatchObject({ status: 'Partial', rows: 1 })
    expect(await bench.rows(ENTERED, 'id', 'level')).toEqual([{ id: 't1', level: '1' }, { id: 't2' }])
    expect(await bench.discards()).toMatchObject([{ column_name: 'level', value: 'two' }])
  })

  test('undeclared properties can be left out: the run says so, once for each', async () => {
    const order = await bench.prepare({
      ...MANIFESTS,
      destination: { schemaPolicy: { undeclaredProperties: 'Discard' } },
    })
    await bench.write('a.ndjson', [entered(1, 'vip', { level: 1 }), entered(2, 'vip', { level: 2 })])
    const { status, notices } = await bench.sync(order)
    expect(status).toBe('Success')
    expect(notices.filter(({ message }) => message.includes('level'))).toEqual([
      {
        level: 'Info',
        message:
          'audience_entered: level: no resource declares the property, and schemaPolicy.undeclaredProperties leaves such out',
        count: 1,
      },
    ])
    expect((await bench.tables('engage_default')).audience_entered).not.toHaveProperty('level')
  })

  describe('selective sync', () => {
    const withRules = (...selectiveSync: object[]): Manifests => ({
      ...MANIFESTS,
      space: { ...SPACE, destinations: [{ name: 'warehouse', selectiveSync }] },
    })

    test('a collection that is switched off gets no rows, and new ones only when it is on again', async () => {
      const off = await bench.prepare(withRules({ collection: 'audience_entered' }, { collection: 'users' }))
      await bench.write('a.ndjson', [entered(1, 'vip'), identify(1)])
      expect(await bench.sync(off)).toMatchObject({ status: 'Success', rows: 1 })
      expect(await ids()).toEqual([])
      expect(await ids('engage_default.users')).toEqual([])
      expect(await ids('engage_default.identifies')).toEqual(['i1'])
      const on = await bench.prepare(MANIFESTS)
      await bench.write('b.ndjson', [entered(2, 'vip')])
      await bench.sync(on)
      expect(await ids()).toEqual(['t2'])
    })

    test('a property that is switched off is left out of its table only', async () => {
      await bench.write('a.ndjson', [identify(1, { email: 'u1@example.com' }), entered(1, 'vip', { email: 'x' })])
      const rules = [
        { collection: 'users', properties: ['email', 'vip'] },
        { collection: 'audience_entered', properties: ['email'] },
      ]
      expect(await bench.sync(await bench.prepare(withRules(...rules)))).toMatchObject({ status: 'Success', rows: 3 })
      expect(await bench.rows('engage_default.identifies', 'email', 'vip')).toEqual([
        { email: 'u1@example.com', vip: 'true' },
      ])
      expect(await bench.rows('engage_default.users', 'id', 'vip')).toEqual([{ id: 'u1' }])
      const tables = await bench.tables('engage_default')
      expect(Object.keys(tables.users ?? {})).not.toContain('email')
      expect(Object.keys(tables.audience_entered ?? {})).not.toContain('email')
    })
  })

  test('mobile ids are left alone where the activation does not ask for them', async () => {
    const order = await bench.prepare(MANIFESTS)
    await bench.write('a.ndjson', [{ ...entered(1, 'vip'), context: { device: { type: 'ios', advertisingId: 'x' } } }])
    await bench.sync(order)
    expect(Object.keys((await bench.tables('engage_default')).audience_entered ?? {})).not.toContain('ios_idfa')
  })

  test('calls of other computations and spaces are counted, not loaded', async () => {
    const order = await bench.prepare({ ...MANIFESTS, space: { ...SPACE, spaceId: 'spa_1' } })
    const of = (space_id: string, number: number) => ({
      ...entered(number, 'vip'),
      context: { personas: { space_id } },
    })
    const page = { ...entered(5, 'vip'), type: 'page' }
    await bench.write('a.ndjson', [of('spa_1', 1), of('spa_2', 2), entered(3, 'vip'), entered(4, 'other'), page])
    const report = await bench.sync(order)
    expect(report).toMatchObject({ status: 'Success', calls: 5, unrouted: 2, rows: 2 })
    expect(report.notices).toEqual([
      { level: 'Info', message: 'calls of no computation of this space', count: 2 },
      { level: 'Info', message: 'calls that are neither identify nor track', count: 1 },
    ])
    expect(await ids()).toEqual(['t1', 't3'])
  })

  describe('one writer', () => {
    const steal = () => bench.query("UPDATE engageops.leases SET holder = 'thief', epoch = epoch + 1 WHERE 1 = 1")

    test('a second writer fails with the reason and writes nothing', async () => {
      const order = await bench.prepare(MANIFESTS)
      await bench.write('a.ndjson', [entered(1, 'vip'), entered(2, 'vip')])
      let second: unknown
      const source = interrupted(join(bench.root, 'calls'), async () => {
        second = await bench.sync(order, { holder: 'second' })
      })
      expect(await bench.sync(order, { sources: [source], holder: 'first' })).toMatchObject({
        status: 'Success',
        rows: 2,
      })
      expect(second).toMatchObject({ status: 'Failure', rows: 0, opened: false, error: { reason: 'LeaseHeld' } })
      expect(JSON.stringify(second)).toContain('first')
      expect(await bench.query("SELECT count(*) AS n FROM engageops.runs WHERE collection = '*'")).toEqual([{ n: '1' }])
    })

    test('a run whose lease was taken over commits nothing more, and the next run loses nothing', async () => {
      const order = await bench.prepare(MANIFESTS)
      await bench.write('a.ndjson', [entered(1, 'vip'), entered(2, 'vip')])
      const source = interrupted(join(bench.root, 'calls'), async () => void (await steal()))
      const report = await bench.sync(order, { sources: [source], holder: 'zombie' })
      expect(report).toMatchObject({ status: 'Failure', rows: 0, error: { reason: 'LeaseLost' } })
      expect(await ids()).toEqual([])
      expect(await bench.query('SELECT * FROM engageops.checkpoints')).toEqual([])
      const [failed, ...others] = await bench.query('SELECT collection, status, row_count, notices FROM engageops.runs')
      expect(others).toEqual([])
      expect(failed).toMatchObject({ collection: '*', status: 'Failure', row_count: '0' })
      expect(JSON.parse(failed?.notices ?? '')).toEqual(report.notices)
      expect(await bench.sync(order, { holder: 'thief' })).toMatchObject({ status: 'Success', rows: 2 })
    })
  })

  test('a run that is told to stop commits what it has read; the next one reads the rest', async () => {
    const order = await bench.prepare(MANIFESTS)
    await bench.write('a.ndjson', [entered(1, 'vip'), entered(2, 'vip'), entered(3, 'vip')])
    await bench.write('b.ndjson', [entered(4, 'vip')])
    const stop = new AbortController()
    const source = interrupted(join(bench.root, 'calls'), async () => stop.abort())
    const report = await bench.sync(order, { sources: [source], signal: stop.signal })
    expect(report).toMatchObject({ status: 'Success', rows: 2 })
    expect(await ids()).toEqual(['t1', 't2'])
    expect(await bench.sync(order)).toMatchObject({ rows: 2, calls: 2 })
    expect(await ids()).toEqual(['t1', 't2', 't3', 't4'])
  })

  test('the ledger has a row for the run and one for each collection, as the report says', async () => {
    const order = await bench.prepare(MANIFESTS)
    await bench.write('a.ndjson', [identify(1), entered(1, 'vip', { vip: 'yes' }), entered(2, 'vip'), 'garbage'])
    const report = await bench.sync(order, { now: () => new Date('2026-04-01T00:00:00Z'), runId: 'run-1' })
    expect(report).toMatchObject({ runId: 'run-1', status: 'Partial', rows: 4 })
    const rows = await bench.query(
      'SELECT run_id, scope, collection, started_at, ended_at, status, row_count, discard_count FROM engageops.runs ORDER BY collection',
    )
    const row = (collection: string, status: string, row_count: string, discard_count: string) => ({
      run_id: 'run-1',
      scope: 'default/default/warehouse',
      collection,
      started_at: '2026-04-01T00:00:00Z',
      ended_at: '2026-04-01T00:00:00Z',
      status,
      row_count,
      discard_count,
    })
    expect(rows).toEqual([
      row('*', 'Partial', '4', '2'),
      row('audience_entered', 'Partial', '2', '1'),
      row('identifies', 'Success', '1', '0'),
      row('users', 'Success', '1', '0'),
    ])
    const [whole] = await bench.query("SELECT notices FROM engageops.runs WHERE collection = '*'")
    expect(JSON.parse(whole?.notices ?? '[]')).toEqual(report.notices)
  })

  test('a run that fails on the way is in the ledger with what it had committed, and tells its first error', async () => {
    const order = await bench.prepare(MANIFESTS)
    await bench.write('a.ndjson', [entered(1, 'vip'), entered(3, 'vip', { another: 'column' })])
    await bench.write('b.ndjson', [entered(2, 'vip')])
    const source = new DirectorySource('calls', join(bench.root, 'calls'))
    const { warehouse } = bench
    const failing: typeof warehouse = {
      ...warehouse,
      connect: async (signal) => {
        const session = await warehouse.connect(signal)
        const close = async () => {
          await session.close()
          throw new EngageError('WarehouseUnreachable', 'Retry', 'a later error')
        }
        return new Proxy(session, {
          get: (target, key) => {
            if (key === 'close') return close
            const value: unknown = Reflect.get(target, key, target)
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
      },
    }
    let versions = 0
    const gone: Source = {
      name: source.name,
      list: () => source.list(),
      open: (object, from) => source.open(object, from),
      version: async (object) => {
        if (++versions === 2) throw new EngageError('SourceUnreachable', 'Wait', 'the first error')
        return source.version(object)
      },
      [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
    }
    const report = await bench.sync(order, { warehouse: failing, sources: [gone], segmentBytes: 1 })
    expect(report.error).toEqual({ reason: 'SourceUnreachable', consequence: 'Wait', message: 'the first error' })
    const [whole] = await bench.query("SELECT status, notices FROM engageops.runs WHERE collection = '*'")
    expect(whole?.status).toBe('Partial')
    expect(whole?.notices).toContain('the first error')
  })

  test('without applied resources a run fails with the reason', async () => {
    const order = bench.compile(MANIFESTS)
    await bench.write('a.ndjson', [entered(1, 'vip')])
    expect(await bench.sync(order)).toMatchObject({ status: 'Failure', rows: 0, error: { reason: expect.any(String) } })
  })

  test('a folder that is not there fails the run without a session', async () => {
    const order = await bench.prepare(MANIFESTS)
    const source = new DirectorySource('calls', join(bench.root, 'nowhere'))
    expect(await bench.sync(order, { sources: [source] })).toMatchObject({
      status: 'Failure',
      opened: false,
      error: { reason: 'SourceUnreachable' },
    })
  })
})

test('a password shows in no report', async () => {
  const { host, port, user } = await startPostgres()
  const settings = {
    host,
    port,
    database: 'postgres',
    username: user,
    passwordSecretRef: { name: 'warehouse', key: 'password' },
    sslMode: 'Disable' as const,
  }
  const bench = await SyncBench.create({ kind: 'postgres', settings }, 'canary-4711')
  await bench.write('a.ndjson', [entered(1, 'vip')])
  const report = await bench.sync(bench.compile(MANIFESTS))
  await bench.remove()
  expect(report).toMatchObject({ status: 'Failure', error: { reason: 'AuthenticationFailed' } })
  expect(JSON.stringify(report)).not.toContain('canary-4711')
})
