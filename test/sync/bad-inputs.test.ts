import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LogicalType } from '../../src/model/table.ts'
import type { WorkOrder } from '../../src/plan/work-order.ts'
import type { RunReport } from '../../src/sync/report.ts'
import { notApplicable } from '../warehouses/not-applicable.ts'
import { type Manifests, type Row, type SyncBench, WAREHOUSES } from './harness.ts'

const MANIFESTS: Manifests = {
  space: {
    computedTraits: [
      { key: 'count', type: 'Integer' },
      { key: 'ratio', type: 'Float' },
      { key: 'price', type: 'Decimal' },
      { key: 'since', type: 'Timestamp' },
      { key: 'vip', type: 'Boolean' },
      { key: 'label', type: 'String' },
      { key: 'tree', type: 'Json' },
    ],
  },
  activations: Object.fromEntries(
    ['count', 'ratio', 'price', 'since', 'vip', 'label', 'tree'].map((key) => [
      key,
      { computation: { computedTrait: key }, classic: { calls: ['Track'] } },
    ]),
  ),
}
const TABLE = 'engage_default.trait_computed'
const HEAD = '"type":"track","event":"Trait Computed","userId":"u1","timestamp":"2026-03-01T00:00:00Z"'

/** A line of a call, with its properties as JSON text: what JSON.stringify cannot write can stand there. */
const line = (id: string, properties: string, received = '2026-03-01T00:00:00Z') =>
  `{${HEAD},"messageId":"${id}","receivedAt":"${received}","properties":{"trait_key":"count",${properties}}}`

describe.each(WAREHOUSES)('bad input on $name', ({ open }) => {
  let bench: SyncBench
  let order: WorkOrder
  beforeAll(async () => {
    bench = await open()
    order = await bench.prepare(MANIFESTS)
  })
  afterAll(() => bench.remove())

  let files = 0
  /** Syncs a file of its own and returns the report, the rows that it wrote and what it discarded. */
  async function load(content: string | Buffer, suffix = '.ndjson') {
    const file = `${String(++files).padStart(3, '0')}${suffix}`
    await bench.writeBytes(file, content)
    const report = await bench.sync(order)
    const discards = (await bench.discards()).filter(({ object }) => object === file)
    return { file, report, discards }
  }
  const row = async (id: string): Promise<Row> => {
    const rows = await bench.rows(`${TABLE} WHERE id = '${id}'`)
    expect(rows).toHaveLength(1)
    const { id: _, received_at, user_id, timestamp, event, event_text, trait_key, ...properties } = rows[0] ?? {}
    return properties
  }
  const typeOf = async (column: string) =>
    (await bench.tables('engage_default')).trait_computed?.[column]?.toLowerCase()
  const messages = (report: RunReport) => report.notices.map(({ level, message }) => `${level}: ${message}`)
  const sqlType = (type: LogicalType) => bench.warehouse.dialect.sqlType(type).toLowerCase()
  const widens = (to: 'Float' | 'String' = 'String') => bench.warehouse.dialect.canWiden('Integer', to)

  /** Loads one call with these properties and returns what became of them. */
  async function loadOne(id: string, properties: string) {
    const { report, discards } = await load(`${line(id, properties)}\n`)
    return { report, discards, row: await row(id) }
  }

  test('1: U+0000 is removed where the warehouse cannot store it, with a note', async () => {
    const { report, row: stored } = await loadOne('nul', '"nul_text":"a\\u0000b","nul_list":["\\u0000"]')
    if (bench.warehouse.capabilities.rejectsNul) {
      expect(stored).toEqual({ nul_text: 'ab', nul_list: '[""]' })
      expect(messages(report)).toContain(
        'Info: trait_computed: nul_text: U+0000 was removed from text, since the warehouse cannot store it',
      )
    } else expect(stored).toEqual({ nul_text: 'a\0b', nul_list: '["\\u0000"]' })
    expect(report.status).toBe('Success')
  })

  test('1: U+0000 in ids, keys and events', async () => {
    const call = `{"type":"track","event":"Trait\\u0000 Computed","userId":"u\\u00001","messageId":"nul\\u0000-id","receivedAt":"2026-03-01T00:00:00Z","properties":{"trait_key":"count","nul\\u0000key":"x"}}`
    const { report } = await load(`${call}\n`)
    expect(report.status).toBe('Success')
    expect(await bench.rows(`${TABLE} WHERE id = 'nul-id'`, 'user_id', 'event_text', 'nul_key')).toEqual([
      { user_id: 'u1', event_text: 'Trait Computed', nul_key: 'x' },
    ])
  })

  test('2: a lone surrogate becomes U+FFFD, with a note', async () => {
    const { report, row: stored } = await loadOne('surrogate', '"lone":"a\\ud800b","tree":{"k":"\\udc00"}')
    expect(stored.lone).toBe('a\ufffdb')
    expect(JSON.parse(stored.tree ?? '')).toEqual({ k: '\ufffd' })
    expect(messages(report)).toContain(
      'Info: trait_computed: lone: text that is not valid Unicode was mended with U+FFFD',
    )
  })

  test('3: bytes that are not UTF-8 become U+FFFD, with a note', async () => {
    const [before = '', after = ''] = line('bytes', '"latin":"caf|"').split('|')
    const { report } = await load(Buffer.concat([Buffer.from(before), Buffer.from([0xe9]), Buffer.from(`${after}\n`)]))
    expect(await row('bytes')).toEqual({ latin: 'caf\ufffd' })
    expect(messages(report)).toEqual(['Info: text that is not valid Unicode was mended with U+FFFD'])
  })

  test('4: a byte order mark, CRLF and blank lines', async () => {
    const { report } = await load(`\ufeff${line('bom', '"a":1')}\r\n\r\n \n${line('crlf', '"a":2')}\r\n`)
    expect(report).toMatchObject({ status: 'Success', calls: 2, rows: 2 })
    expect([await row('bom'), await row('crlf')]).toEqual([{ a: '1' }, { a: '2' }])
  })

  test('5: garbage goes to discards with line and offset, the lines around it load', async () => {
    const first = `${line('before', '"a":1')}\n`
    const { file, report, discards } = await load(`${first}\n{"type":"track",\nnull\n${line('after', '"a":2')}\n`)
    expect(report).toMatchObject({ status: 'Partial', rows: 2, calls: 2 })
    expect(discards.map(({ value: _, ...discard }) => discard)).toEqual(
      [
        { line: '3', position: String(first.length + 1) },
        { line: '4', position: String(first.length + 1 + '{"type":"track",\n'.length) },
      ].map((place) => ({ object: file, ...place, table_name: '', column_name: '', reason: 'NotACall', row_id: null })),
    )
    expect(messages(report)).toEqual(['Warning: the line is not a JSON object; it went to discards'])
    const raw = await bench.query(`SELECT raw FROM engageops.discards WHERE object = '${file}' ORDER BY position`)
    expect(Buffer.from(raw[0]?.raw ?? '', 'base64').toString()).toBe('{"type":"track",')
  })

  test('5: the last line of a file that still grows waits', async () => {
    const whole = line('waits', '"a":1')
    const { file, report } = await load(whole.slice(0, 60))
    expect(report).toMatchObject({ status: 'Success', rows: 0, calls: 0 })
    await bench.writeBytes(file, `${whole}\n`)
    expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 1, calls: 1 })
    expect(await row('waits')).toEqual({ a: '1' })
  })

  test('6: 1e400 is NULL in a number column and in discards, and does not change the type', async () => {
    const { report, discards, row: stored } = await loadOne('huge', '"ratio":1e400,"count":1e400')
    expect(stored).toEqual({})
    expect(discards.map(({ column_name, value }) => [column_name, value])).toEqual([
      ['count', '1e400'],
      ['ratio', '1e400'],
    ])
    expect(report).toMatchObject({ status: 'Partial', rows: 1 })
  })

  test.each([
    ['NaN', '{"a":NaN}'],
    ['Infinity', '{"a":-Infinity}'],
  ])('6: %s is no JSON: the line goes to discards', async (_name, garbage) => {
    const { discards } = await load(`${garbage}\n`)
    expect(discards).toMatchObject([{ reason: 'NotACall' }])
  })

  test('7: integers beyond 2^53 are exact', async () => {
    const { row: stored } = await loadOne(
      'exact',
      '"count":9007199254740993,"big":9223372036854775807,"low":-9223372036854775808',
    )
    expect(stored).toEqual({ count: '9007199254740993', big: '9223372036854775807', low: '-9223372036854775808' })
  })

  test('7: a fraction after them leaves them exact where declared, and where floats are exact or nothing widens', async () => {
    await load(`${line('integer', '"count":9007199254740993,"tally":9007199254740993')}\n`)
    const { discards } = await load(`${line('fraction', '"count":0.5,"tally":0.5')}\n`)
    const isExact = bench.warehouse.capabilities.exactFloat || !widens('Float')
    expect(await row('integer')).toEqual({
      count: '9007199254740993',
      tally: isExact ? '9007199254740993' : '9007199254740992',
    })
    expect(await row('fraction')).toEqual(widens('Float') ? { tally: '0.5' } : {})
    const discarded = { reason: 'NotAnInteger', value: '0.5' }
    expect(discards).toMatchObject(
      (widens('Float') ? ['count'] : ['count', 'tally']).map((column_name) => ({ ...discarded, column_name })),
    )
  })

  test('8: integers beyond 64 bits', async () => {
    const { discards, row: stored } = await loadOne('int65', '"count":9223372036854775808,"wide":123456789012345678901')
    expect(discards.find(({ column_name }) => column_name === 'count')).toMatchObject({
      reason: 'IntegerOutOfRange',
      value: '9223372036854775808',
    })
    if (bench.warehouse.capabilities.exactFloat) expect(stored).toEqual({ wide: '123456789012345678901' })
    else {
      expect(Number(stored.wide)).toBe(123456789012345680000)
      expect(discards.find(({ column_name }) => column_name === 'wide')).toMatchObject({
        reason: 'InexactFloat',
        value: '123456789012345678901',
      })
    }
    expect(stored.count).toBeUndefined()
  })

  test('9: 25-digit decimals are exact where declared; undeclared ones are exact or noted', async () => {
    const { discards, row: stored } = await loadOne(
      'decimal',
      '"price":1234567890.123456789012345,"loose":1234567890.123456789012345',
    )
    expect(stored.price?.replace(/0+$/, '')).toBe('1234567890.123456789012345')
    if (bench.warehouse.capabilities.exactFloat) expect(stored.loose).toBe('1234567890.123456789012345')
    else {
      expect(Number(stored.loose)).toBeCloseTo(1234567890.1234567, 6)
      expect(discards).toMatchObject([
        { column_name: 'loose', reason: 'InexactFloat', value: '1234567890.123456789012345' },
      ])
    }
  })

  test('10: text for a declared integer is NULL and a discard; an undeclared column widens', async () => {
    const { report, discards } = await load(
      `${line('int', '"count":1,"loosely":1')}\n${line('string', '"count":"one","loosely":"one"')}\n`,
    )
    expect([await row('int'), await row('string')]).toEqual([{ count: '1', loosely: '1' }, { loosely: 'one' }])
    expect(discards).toMatchObject([
      { table_name: 'trait_computed', column_name: 'count', reason: 'NotAnInteger', value: 'one', row_id: 'string' },
    ])
    expect(report.status).toBe('Partial')
    expect(await typeOf('loosely')).toBe(sqlType('String'))
  })

  test('10: a column widens in a later run, and keeps what it has', async () => {
    await loadOne('later-1', '"later":7')
    const { report, discards, row: stored } = await loadOne('later-2', '"later":"seven"')
    expect([await row('later-1'), stored]).toEqual([{ later: '7' }, widens() ? { later: 'seven' } : {}])
    expect(report.status).toBe(widens() ? 'Success' : 'Partial')
    const discarded = { column_name: 'later', reason: 'NotAnInteger', value: 'seven', row_id: 'later-2' }
    expect(discards).toMatchObject(widens() ? [] : [discarded])
  })

  test('11: integer, then float: one column, exact values', async () => {
    await loadOne('float-1', '"amount":1')
    await loadOne('float-2', '"amount":1.5')
    expect([await row('float-1'), await row('float-2')]).toEqual([
      { amount: '1' },
      widens('Float') ? { amount: '1.5' } : {},
    ])
    expect(await typeOf('amount')).toBe(sqlType(widens('Float') ? 'Float' : 'Integer'))
  })

  test('12: "yes" is no boolean', async () => {
    const { discards, row: stored } = await loadOne('yes', '"vip":"yes"')
    expect(stored).toEqual({})
    expect(discards).toMatchObject([{ column_name: 'vip', reason: 'NotABoolean', value: 'yes' }])
    const one = await loadOne('one', '"vip":1')
    expect(one.row).toEqual({})
    expect((await loadOne('true-text', '"vip":"true"')).row).toEqual({})
  })

  test.each([
    '10000-01-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '-0044-03-15T00:00:00Z',
    'Infinity',
    '2026-02-30',
    '2026-06-30T23:59:60Z',
    'yesterday',
  ])('13, 14: %s is no time: NULL, and the type stays', async (value) => {
    const { report, discards, row: stored } = await loadOne(`time-${value}`, `"since":"${value}"`)
    expect(stored).toEqual({})
    expect(discards).toMatchObject([{ column_name: 'since', reason: 'InvalidTimestamp', value }])
    expect(report.status).toBe('Partial')
    expect(await typeOf('since')).toMatch(/^timestamp/)
  })

  test('13: an impossible time of the call itself goes to discards, and the next best is used', async () => {
    const { report } = await load(
      `{"type":"track","event":"Trait Computed","userId":"u1","messageId":"no-time","receivedAt":"2026-02-30T00:00:00Z","timestamp":"2026-03-02T00:00:00Z","sentAt":"soon","properties":{"count":1}}\n`,
    )
    expect(await bench.rows(`${TABLE} WHERE id = 'no-time'`, 'received_at', 'sent_at')).toEqual([
      { received_at: '2026-03-02T00:00:00Z' },
    ])
    expect(report.status).toBe('Partial')
    expect(messages(report)).toEqual([
      expect.stringMatching(/^Warning: trait_computed: received_at: the value is not a time .* beside it was taken$/),
      expect.stringMatching(/^Warning: trait_computed: sent_at: the value is not a time .*; it was not loaded$/),
    ])
    expect((await bench.discards()).filter(({ row_id }) => row_id === 'no-time')).toMatchObject([
      { line: '1', table_name: 'trait_computed', column_name: 'received_at', value: '2026-02-30T00:00:00Z' },
      { line: '1', table_name: 'trait_computed', column_name: 'sent_at', value: 'soon' },
    ])
  })

  test.each([
    ['2026-03-01T00:00:00+14:00', '2026-02-28T10:00:00Z'],
    ['2026-03-01T00:00:00', '2026-03-01T00:00:00Z'],
    ['2026-03-01', '2026-03-01T00:00:00Z'],
    ['2026-03-01T00:00:00.123456789Z', '2026-03-01T00:00:00.123456Z'],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ])('15, 16: %s is %s', async (value, stored) => {
    expect((await loadOne(`time-${value}`, `"since":"${value}"`)).row).toEqual({ since: stored })
  })

  test.each([
    ['Email and email', '"Email":"other","email":"exact"', 'email', 'exact', 'other'],
    ['email and Email', '"email":"exact","Email":"other"', 'email', 'exact', 'other'],
    ['userName and user_name', '"userName":"a,\\"b","user_name":"exact"', 'user_name', 'exact', 'a,"b'],
    ['user-name and User Name', '"user-name":"first","User Name":"second"', 'user_name', 'first', 'second'],
    ['a nested and a flat key', '"deep":{"key":"first"},"deep_key":"second"', 'deep_key', 'first', 'second'],
  ])('17, 18: %s share a column; the other value goes to discards', async (title, properties, column, kept, other) => {
    const id = `spelling-${title}`
    const { report, discards, row: stored } = await loadOne(id, properties)
    expect(stored).toEqual({ [column]: kept })
    expect(discards).toMatchObject([{ column_name: column, reason: 'OtherSpelling', value: other, row_id: id }])
    expect(report.status).toBe('Partial')
  })

  test('17: every value that loses is in discards, once however often the call is read', async () => {
    const { file } = await load(`${line('three', '"EMAIL":"first","Email":"second","email":"exact"')}\n`)
    const losers = async (object: string) =>
      (await bench.discards())
        .filter((row) => row.object === object)
        .map(({ value }) => value ?? '')
        .toSorted()
    expect(await losers(file)).toEqual(['first', 'second'])
    {
      await using session = await bench.warehouse.connect()
      await session.execute(`DELETE FROM engageops.checkpoints WHERE object = '${file}'`)
      bench.mirror = undefined
    }
    expect(await bench.sync(order)).toMatchObject({ status: 'Partial', calls: 1 })
    expect(await losers(file)).toEqual(['first', 'second'])
  })

  test('17: spellings with one value are no conflict', async () => {
    const { report, row: stored } = await loadOne('same', '"Phone":"+1555","phone":"+1555"')
    expect(stored).toEqual({ phone: '+1555' })
    expect(report.status).toBe('Success')
  })

  test('19: long names that agree in 63 bytes stay apart, and the same over runs', async () => {
    const long = 'n'.repeat(70)
    const properties = `"${long}_1":1,"${long}_2":2`
    const { row: stored } = await loadOne('long-1', properties)
    expect(Object.values(stored).sort()).toEqual(['1', '2'])
    for (const column of Object.keys(stored))
      expect(Buffer.byteLength(column)).toBeLessThanOrEqual(bench.warehouse.dialect.identifiers.maxBytes)
    expect((await loadOne('long-2', properties)).row).toEqual(stored)
  })

  test('21: reserved words are columns like others', async () => {
    const { row: stored } = await loadOne(
      'reserved',
      '"select":1,"table":"t","order":true,"user":"u","group":null,"primary":1.5,"uuid_ts":"x","id":5',
    )
    expect(stored).toEqual({
      select: '1',
      table: 't',
      order: 'true',
      user: 'u',
      primary: '1.5',
      _uuid_ts: 'x',
      _id: '5',
    })
  })

  test('22: empty and blank keys', async () => {
    const { discards, row: stored } = await loadOne('blank', '"":"empty"," ":"blank"')
    expect(stored).toEqual({ _unnamed: 'empty' })
    expect(discards).toMatchObject([{ column_name: '_unnamed', value: 'blank' }])
  })

  test('23: SQL in keys, values, ids and events is never run', async () => {
    const evil = `x"; DROP TABLE ${TABLE}; --`
    const more = `x'); DROP TABLE ${TABLE}; --`
    const call = {
      type: 'track',
      event: 'Trait Computed',
      userId: evil,
      messageId: more,
      receivedAt: '2026-03-01T00:00:00Z',
      properties: { trait_key: 'count', [evil]: more, [more]: evil },
    }
    const { report } = await load(`${JSON.stringify(call)}\n`)
    expect(report).toMatchObject({ status: 'Partial', rows: 1 })
    const rows = await bench.query(`SELECT user_id, id FROM ${TABLE} WHERE id LIKE 'x''%'`)
    expect(rows).toEqual([{ user_id: evil, id: more }])
    const other = { ...call, event: evil, messageId: 'evil-event' }
    await load(`${JSON.stringify(other)}\n`)
    expect(
      await bench.query(
        "SELECT event_text FROM engage_default.x_drop_table_engage_default_trait_computed WHERE id = 'evil-event'",
      ),
    ).toEqual([{ event_text: evil }])
  })

  test('24: keys in other scripts get a name of their own; NFC and NFD are one', async () => {
    const { row: stored, discards } = await loadOne(
      'scripts',
      '"名前":"a","住所":"b","caf\u00e9":"nfc","cafe\u0301":"nfd","\u00e9":"nfc2","e\u0301":"nfd2"',
    )
    const hashed = Object.entries(stored).filter(([column]) => /^_[0-9a-f]{8}$/.test(column))
    expect(hashed.map(([, value]) => value).sort()).toEqual(['a', 'b', 'nfc2'])
    expect(stored.caf).toBe('nfc')
    expect(discards.map(({ value }) => value).sort()).toEqual(['nfd', 'nfd2'])
    const origin = `SELECT source_name FROM engageops.columns WHERE column_name = '${hashed[0]?.[0]}'`
    expect(['名前', '住所', 'é']).toContain((await bench.query(origin))[0]?.source_name)
  })

  test('25: leading digits, dots, dashes and spaces', async () => {
    const { row: stored } = await loadOne('digits', '"1st":1,"second.key":2,"third-key":3,"fourth key":4')
    expect(stored).toEqual({ _1st: '1', second_key: '2', third_key: '3', fourth_key: '4' })
  })

  test('27: of equal JSON keys the last wins', async () => {
    expect((await loadOne('twice', '"dup":"first","dup":"last"')).row).toEqual({ dup: 'last' })
  })

  test('28: the same id in one batch and over runs: the latest by received_at, whatever the order', async () => {
    const old = line('again', '"version":"old","only_old":1', '2026-03-01T00:00:00Z')
    const newer = line('again', '"version":"new"', '2026-03-02T00:00:00Z')
    await load(`${newer}\n${old}\n`)
    expect(await row('again')).toEqual({ version: 'new' })
    await load(`${line('again', '"version":"newest"', '2026-03-03T00:00:00Z')}\n`)
    expect(await row('again')).toEqual({ version: 'newest' })
  })

  test('28: at equal times the content decides, not the order', async () => {
    await load(`${line('tie-1', '"version":"a"')}\n${line('tie-1', '"version":"b"')}\n`)
    await load(`${line('tie-2', '"version":"b"')}\n`)
    await load(`${line('tie-2', '"version":"a"')}\n`)
    expect([await row('tie-1'), await row('tie-2')]).toEqual([{ version: 'b' }, { version: 'b' }])
  })

  test('30: a late row does not overwrite a newer one', async () => {
    await load(`${line('late', '"version":"new"', '2026-03-02T00:00:00Z')}\n`)
    const { report } = await load(`${line('late', '"version":"old"', '2026-03-01T00:00:00Z')}\n`)
    expect(await row('late')).toEqual({ version: 'new' })
    expect(report).toMatchObject({ rows: 0, status: 'Success' })
  })

  test('29: a missing id is made from the content, the same again; without identity: discards', async () => {
    const call =
      '{"type":"track","event":"Trait Computed","userId":"u29","timestamp":"2026-03-01T00:00:00Z","properties":{"count":29}}'
    const nobody = '{"type":"track","event":"Trait Computed","messageId":"nobody","properties":{"count":29}}'
    const { report, discards } = await load(`${call}\n${call}\n${nobody}\n`)
    expect(report).toMatchObject({ rows: 1, status: 'Partial' })
    expect(discards).toMatchObject([{ reason: 'NoIdentity', line: '3' }])
    await load(`${call}\n`)
    const rows = await bench.rows(`${TABLE} WHERE user_id = 'u29'`, 'id', 'count')
    expect(rows).toEqual([{ id: expect.stringMatching(/^eo_[0-9a-f]{32}$/), count: '29' }])
  })

  test.each([['null'], ['""'], ['{}'], ['[1]'], ['true']])('29: messageId %s counts as missing', async (value) => {
    const userId = `u29-${value.replaceAll('"', 'q')}`
    await load(
      `{"type":"track","event":"Trait Computed","userId":"${userId}","messageId":${value},"timestamp":"2026-03-01T00:00:00Z","properties":{"count":29}}\n`,
    )
    const rows = await bench.query(`SELECT id FROM ${TABLE} WHERE user_id = '${userId}'`)
    expect(rows).toEqual([{ id: expect.stringMatching(/^eo_/) }])
  })

  test('36: object, then scalar, then array under one key', async () => {
    await load(
      `${line('shape-1', '"shape":{"a":1}')}\n${line('shape-2', '"shape":5')}\n${line('shape-3', '"shape":[1,{"b":2}]')}\n`,
    )
    expect([await row('shape-1'), await row('shape-2'), await row('shape-3')]).toEqual([
      { shape_a: '1' },
      { shape: '5' },
      { shape: '[1,{"b":2}]' },
    ])
  })

  test('36: 200 levels: flattened as far as sense goes, then JSON text', async () => {
    const { report, row: stored } = await loadOne('levels', `"levels":${'{"x":'.repeat(200)}1${'}'.repeat(200)}`)
    expect(report.status).toBe('Success')
    const [[column, value] = ['', '']] = Object.entries(stored)
    expect(column).toMatch(/^levels(_x){16}$/)
    expect(value).toBe(`${'{"x":'.repeat(184)}1${'}'.repeat(184)}`)
    const deep = await load(`${line('too-deep', `"levels":${'['.repeat(1100)}${']'.repeat(1100)}`)}\n`)
    expect(deep.discards).toMatchObject([{ reason: 'NotACall' }])
  })

  test('36: a property that is declared as Json takes anything as it is', async () => {
    const json = '{"n":12345678901234567890,"a":{"B c":[1,null]}}'
    const { report, row: stored } = await loadOne('json', `"tree":${json}`)
    expect(report.status).toBe('Success')
    expect(Object.keys(stored)).toEqual(['tree'])
    const compact = stored.tree?.replaceAll(': ', ':').replaceAll(', ', ',')
    // Where Json has a type of its own, the order of keys is that type's.
    expect(compact).toBe(sqlType('Json') === 'jsonb' ? '{"a":{"B c":[1,null]},"n":12345678901234567890}' : json)
    expect((await loadOne('json-text', '"tree":"text"')).row).toEqual({ tree: '"text"' })
  })

  test('37: what CSV and COPY could trip over comes back as it was; the empty text is not NULL', async () => {
    const values = {
      nothing: '',
      newline: 'a\nb\r\nc',
      tab: 'a\tb',
      quotes: '"a" \'b\' ""',
      backslash: 'C:\\new',
      null_text: '\\N',
      end: '\\.',
      end_line: 'a\n\\.\nb',
      comma: 'a,b',
      null_word: 'NULL',
      spaces: '  a  ',
      emoji: '😀',
    }
    const properties = JSON.stringify(values).slice(1, -1)
    expect((await loadOne('csv', properties)).row).toEqual(values)
  })

  test('38: text stays text', async () => {
    const values = { zip: '00123', dial: '+15550100', truth: 'true', date: '2026-03-01', number: '1e5' }
    expect((await loadOne('texts', JSON.stringify(values).slice(1, -1))).row).toEqual(values)
    expect(await typeOf('zip')).toBe(sqlType('String'))
    expect(await typeOf('date')).toBe(sqlType('String'))
  })

  test('39: a column that is all null now stays', async () => {
    await loadOne('filled', '"sometimes":1')
    await loadOne('unfilled', '"sometimes":null')
    expect([await row('filled'), await row('unfilled')]).toEqual([{ sometimes: '1' }, {}])
  })

  test('40: 2 MiB of text; where the warehouse takes no such text, NULL and a discard', async () => {
    const long = 'x,"'.repeat((2 << 20) / 3)
    const { discards, row: stored } = await loadOne('mega', `"mega":${JSON.stringify(long)},"short":"x"`)
    const { maxTextBytes = Number.POSITIVE_INFINITY } = bench.warehouse.capabilities
    if (maxTextBytes >= long.length) expect(stored.mega === long).toBe(true)
    else {
      expect(stored).toEqual({ short: 'x' })
      expect(discards).toMatchObject([{ column_name: 'mega', reason: 'TextTooLong', value: long.slice(0, 4096) }])
    }
  })

  test('40: an empty file is no error, an array is no call', async () => {
    expect((await load('')).report).toMatchObject({ status: 'Success', rows: 0 })
    const { report, discards } = await load(`[${line('in-array', '"a":1')}]\n`)
    expect(report).toMatchObject({ status: 'Partial', rows: 0 })
    expect(discards).toMatchObject([{ reason: 'NotACall' }])
  })

  test('ids that no index takes: a messageId is made, a call of such a user goes to discards', async () => {
    const long = Array.from({ length: 200 }, (_, i) => hash('sha256', `${i}`, 'base64')).join('')
    const tooLong = line('long-user', '"count":77').replace('"u1"', `"${long}"`)
    const { report, discards } = await load(`${line(long, '"count":77')}\n${tooLong}\n`)
    expect(report).toMatchObject({ status: 'Partial', rows: 1 })
    expect(discards).toMatchObject([{ reason: 'IdTooLong', line: '2' }])
    expect(await bench.query(`SELECT id FROM ${TABLE} WHERE count = 77`)).toEqual([
      { id: expect.stringMatching(/^eo_/) },
    ])
  })
})

describe.each(WAREHOUSES)('limits on $name', ({ open }) => {
  let bench: SyncBench
  beforeAll(async () => {
    bench = await open()
  })
  afterAll(() => bench.remove())

  test('26: beyond the column limit properties go to one JSON column, in this run and the next', async () => {
    const order = await bench.prepare({ ...MANIFESTS, destination: { schemaPolicy: { maxColumns: 50 } } })
    const wide = (from: number) =>
      Array.from({ length: 30 }, (_, i) => `"p${from + i}":"v${from + i}${i === 29 ? '\\u0000' : ''}"`).join()
    await bench.write('wide.ndjson', [line('w1', wide(0)), line('w2', wide(30))])
    const report = await bench.sync(order)
    expect(report).toMatchObject({ status: 'Success', rows: 2 })
    expect(report.notices.map(({ message }) => message)).toContain(
      'trait_computed: _overflow: the table has no room for more columns; further properties went to the overflow column',
    )
    await bench.write('more.ndjson', [line('w3', wide(60))])
    await bench.sync(order)
    const { trait_computed } = await bench.tables('engage_default')
    expect(Object.keys(trait_computed ?? {}).length).toBe(50)
    const rows = await bench.rows(TABLE)
    for (const [index, from] of [0, 30, 60].entries()) {
      const { _overflow, ...columns } = rows[index] ?? {}
      const all: Record<string, string> = { ...columns, ...JSON.parse(_overflow ?? '{}') }
      for (let i = from; i < from + 30; i++) expect(all[`p${i}`]?.replace('\0', '')).toBe(`v${i}`)
    }
  })

  test('5: a file that is mostly no calls fails the run, and says which file', async () => {
    const order = await bench.prepare(MANIFESTS)
    await bench.write(
      'garbage.ndjson',
      Array.from({ length: 3000 }, () => 'garbage'),
    )
    const report = await bench.sync(order)
    expect(report).toMatchObject({ status: 'Failure', error: { reason: 'SourceUnreadable' } })
    expect(report.error?.message).toContain('garbage.ndjson')
    await bench.write('garbage.ndjson', [line('mended', '"count":1')])
    expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 1 })
  })
})

describe.each(WAREHOUSES)('very wide calls on $name', ({ open }) => {
  let bench: SyncBench
  beforeAll(async () => {
    bench = await open()
  })
  afterAll(() => bench.remove())

  test('calls with very many properties: the ledger keeps as many of the new columns as it can', {
    timeout: 300_000,
  }, async ({ task, skip }) => {
    const { capabilities, dialect } = bench.warehouse
    notApplicable({ task, skip }, capabilities.maxTextBytes === undefined, 'the warehouse takes text of any length')
    const order = await bench.prepare({
      space: { name: 'wide', computedTraits: [{ key: 'count', type: 'Integer' }] },
      activations: { count: { computation: { computedTrait: 'count' }, classic: {} } },
    })
    const columns = Math.min(1200, capabilities.maxColumns - 50)
    const names = Array.from({ length: columns }, (_, i) => `${'n'.repeat(dialect.identifiers.maxBytes - 8)}_${i}`)
    const properties = names.map((name) => `"${name}":true`).join()
    const identify = line('wide-user', properties)
      .replace('"track"', '"identify"')
      .replace('"properties":{', '"traits":{"count":1,')
    await bench.write('columns.ndjson', [line('wide', properties), identify])
    const report = await bench.sync(order)
    expect(report).toMatchObject({ status: 'Success', rows: 3 })
    const made = report.collections.find(({ collection }) => collection === 'trait_computed')?.newColumns ?? []
    expect(made).toHaveLength(columns)
    const [run] = await bench.query("SELECT new_columns FROM engageops.runs WHERE collection = 'trait_computed'")
    const kept = JSON.parse(run?.new_columns ?? '[]')
    expect(kept).toEqual(made.slice(0, kept.length))
    const room = Math.min(capabilities.maxTextBytes ?? 0, Buffer.byteLength(JSON.stringify(made)))
    expect(Buffer.byteLength(JSON.stringify(kept))).toBeGreaterThan(room * 0.9)
  })
})
