import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { numberText } from '../../src/engage/decimal.ts'
import { snakeCase } from '../../src/model/snake-case.ts'
import { DirectorySource } from '../../src/sources/directory.ts'
import type { Mirror } from '../../src/sync/mirror.ts'
import { mergeUsers } from '../engage/users-reference.ts'
import { type Row, type SyncBench, WAREHOUSES } from './harness.ts'

type Value = string | number | boolean
interface Call {
  type: 'identify' | 'track'
  event?: string
  messageId: string
  userId?: string
  anonymousId: string
  receivedAt: string
  timestamp: string
  traits?: Record<string, Value | null | { x: Value }>
  properties?: Record<string, Value | null | { x: Value }>
}

const second = (number: number) => `2026-03-01T00:00:0${number}Z`
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(0.5, 1.25, -123456.789, 1e21, 1e-7, 5e-324, 9007199254740991),
  fc.boolean(),
  fc.constantFrom('', 'a', 'B', 'true', '5', '0.50', 'x,"y"\n'),
)
const traits = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'score'), fc.option(value), { noNullPrototype: true })
const body = fc
  .tuple(traits, fc.option(value, { nil: undefined }))
  .map(([flat, x]) => ({ ...flat, trait_key: 'score', ...(x === undefined ? {} : { deep: { x } }) }))
const call: fc.Arbitrary<Call> = fc
  .record({
    type: fc.constantFrom('identify' as const, 'track' as const),
    messageId: fc.integer({ min: 1, max: 9 }).map((number) => `m${number}`),
    userId: fc.constantFrom('u1', 'u2', undefined),
    receivedAt: fc.integer({ min: 1, max: 4 }).map(second),
    timestamp: fc.integer({ min: 1, max: 2 }).map(second),
    body,
  })
  .map(({ body, userId, ...rest }) => ({
    ...rest,
    anonymousId: 'a1',
    ...(userId === undefined ? {} : { userId }),
    ...(rest.type === 'identify' ? { traits: body } : { properties: body, event: 'Trait Computed' }),
  }))

const place = fc.record({ run: fc.integer({ min: 0, max: 2 }), file: fc.integer({ min: 0, max: 2 }) })

/**
 * Calls, and the runs and files that each comes in: files of one number grow from run to run. Versions of an identify
 * call have different clocks, since users knows no other order.
 */
const delivery = fc.record({
  placed: fc
    .array(fc.record({ call, places: fc.array(place, { minLength: 1, maxLength: 2 }) }), {
      minLength: 1,
      maxLength: 25,
    })
    .map((list) =>
      list.flatMap(({ call: one, places }, index) => {
        const timestamp =
          one.type === 'identify' ? `2026-03-01T00:00:01.${String(index).padStart(6, '0')}Z` : one.timestamp
        return places.map((at) => ({ ...at, call: { ...one, timestamp } }))
      }),
    ),
  segmentBytes: fc.constantFrom(1, 200, 1000),
})

const COLUMN_TYPES: Record<string, string> = { a: 'number', b: 'boolean', c: 'string', x: 'string' }

/** The values that a column of one type takes: where columns do not widen, others are lost or not as the calls come. */
function ofOneType<T extends Call>(one: T): T {
  const fits = (key: string, item: unknown) =>
    item === null ||
    COLUMN_TYPES[key] === undefined ||
    (typeof item === COLUMN_TYPES[key] && (key !== 'a' || Number.isSafeInteger(item)))
  const typed = (values: NonNullable<Call['traits']>) =>
    Object.fromEntries(
      Object.entries(values).filter(([key, item]) =>
        typeof item === 'object' && item !== null ? fits('x', item.x) : fits(key, item),
      ),
    )
  return {
    ...one,
    ...(one.traits && { traits: typed(one.traits) }),
    ...(one.properties && { properties: typed(one.properties) }),
  }
}

const TABLES = ['identifies', 'users', 'trait_computed']

describe.each(WAREHOUSES)('properties of a sync on $name', ({ open }) => {
  let bench: SyncBench
  let spaces = 0
  beforeAll(async () => {
    bench = await open()
  })
  afterAll(() => bench.remove())

  const storable = (one: Call): Call => (bench.warehouse.dialect.canWiden('Integer', 'String') ? one : ofOneType(one))

  /** Syncs runs of files, each a list of calls, into tables of their own, and returns those. */
  async function tablesOf(runs: readonly (readonly (readonly Call[])[])[], segmentBytes?: number) {
    const name = `s${++spaces}`
    const bookkeepingSchema = `eo_${name}`
    const order = await bench.prepare({
      space: { name, computedTraits: [{ key: 'score', type: 'Integer' }] },
      activations: { score: { computation: { computedTrait: 'score' }, classic: {} } },
      destination: { bookkeepingSchema },
    })
    const root = join(bench.root, name)
    await mkdir(root)
    let mirror: Mirror | undefined
    for (const files of runs) {
      for (const [number, calls] of files.entries()) {
        const lines = calls.map((one) => `${JSON.stringify(one)}\n`).join('')
        await writeFile(join(root, `${number}.ndjson`), lines, { flag: 'a' })
      }
      await using source = new DirectorySource('calls', root)
      const report = await bench.sync(order, {
        sources: [source],
        mirror: {
          read: async () => mirror,
          write: async (_scope, written) => {
            mirror = written
          },
        },
        ...(segmentBytes === undefined ? {} : { segmentBytes }),
      })
      expect(report.error).toBeUndefined()
    }
    const types = await bench.tables(`engage_${name}`)
    const rows: Record<string, Row[]> = {}
    for (const table of TABLES) {
      const columns = Object.keys(types[table] ?? {}).sort()
      rows[table] = await bench.rows(`engage_${name}.${table}`, 'id', ...columns.filter((column) => column !== 'id'))
    }
    const discards = await bench.query(
      `SELECT DISTINCT table_name, column_name, reason, value, row_id FROM ${bookkeepingSchema}.discards`,
    )
    return { types, rows, discards: discards.map((row) => JSON.stringify(row)).sort() }
  }

  test('however calls are split over files, runs and segments, the tables are the same', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(delivery, async ({ placed: drawn, segmentBytes }) => {
        const placed = drawn.map((one) => ({ ...one, call: storable(one.call) }))
        const runs = [0, 1, 2].map((run) =>
          [0, 1, 2].map((file) => placed.filter((one) => one.run === run && one.file === file).map((one) => one.call)),
        )
        const split = await tablesOf(runs, segmentBytes)
        const whole = await tablesOf([[placed.map((one) => one.call)]])
        expect(split).toEqual(whole)
      }),
      { numRuns: 8, endOnFailure: true },
    )
  })

  test('users is what the plain function makes of the calls', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(call, { maxLength: 20, selector: (one) => one.messageId }), async (drawn) => {
        const calls = drawn.map(storable)
        const { rows, types } = await tablesOf([[calls.slice(0, 7)], [calls.slice(7)]], 300)
        const expected = mergeUsers(
          calls.flatMap(({ type, userId, messageId, traits, ...times }) =>
            type === 'identify' && userId !== undefined
              ? [{ userId, id: messageId, ...times, traits: flat(traits ?? {}) }]
              : [],
          ),
        )
        const users = (rows.users ?? []).map(({ id, user_id, received_at, ...found }) => {
          expect(user_id).toBe(id)
          const plain = Object.entries(found).map(([column, text]) => [
            column,
            /^double/i.test(types.users?.[column] ?? '') ? numberText(Number(text)) : text,
          ])
          return [id, { receivedAt: received_at, traits: Object.fromEntries(plain) }]
        })
        expect(new Map(users as [string, unknown][])).toEqual(expected)
      }),
      { numRuns: 5, endOnFailure: true },
    )
  })

  test('no two different columns become one', { timeout: 60_000 }, async () => {
    const key = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.string({ unit: fc.constantFrom('a', 'B', '1', '_', '-', '.', 'é', '名'), maxLength: 8 }),
      fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 300, maxLength: 302 }),
      fc.constantFrom(
        'id',
        'userId',
        '_user_id',
        'received_at',
        'uuid_ts',
        'timestamp',
        '__proto__',
        'trait_set',
        'eo_identifies',
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 60 }), async (keys) => {
        const properties = Object.fromEntries(keys.map((name, number) => [name, `v${number}`]))
        const { rows } = await tablesOf([
          [
            [
              {
                type: 'track',
                event: 'Trait Computed',
                messageId: 'm1',
                anonymousId: 'a1',
                receivedAt: second(1),
                timestamp: second(1),
                properties: { score: 1, ...properties },
              },
            ],
          ],
        ])
        const loaded = Object.values(rows.trait_computed?.[0] ?? {}).filter((text) => /^v\d+$/.test(text ?? ''))
        expect(loaded).toHaveLength(new Set(keys.map(meaningOf)).size)
      }),
      { numRuns: 5, endOnFailure: true },
    )
  })
})

/** The traits as their columns show them. */
function flat(traits: NonNullable<Call['traits']>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(traits).flatMap(([key, item]) => {
      if (item === null) return []
      if (typeof item === 'object') return [[`${key}_x`, textOf(item.x)]]
      return key === 'score' && !Number.isSafeInteger(item) ? [] : [[key, textOf(item)]]
    }),
  )
}

const textOf = (item: Value): string => (typeof item === 'number' ? numberText(item) : String(item))

/** What tells columns apart: the snake_case, and where nothing is left of it the key itself. */
function meaningOf(key: string): string {
  const composed = key.normalize('NFC')
  return snakeCase(composed) || JSON.stringify(composed.trim() === '' ? '' : composed)
}
