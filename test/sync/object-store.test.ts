import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ObjectStoreSource } from '../../src/sources/object-store.ts'
import type { Source } from '../../src/sources/port.ts'
import { describeOnStore } from '../object-store/on-store.ts'
import { type Manifests, SyncBench } from './harness.ts'

const MANIFESTS: Manifests = {
  space: { audiences: [{ key: 'vip' }] },
  activations: { vip: { computation: { audience: 'vip' }, classic: {} } },
}
const DAY_MS = 86_400_000
const FIRST_DAY = Date.UTC(2026, 9, 1)
const fileOf = (day: number, name: string) => join('segment-logs/abc', String(FIRST_DAY + day * DAY_MS), name)
const TABLES = ['identifies', 'audience_entered', 'users'].map((table) => `engage_default.${table}`)

const lines = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => {
    const number = from + index
    const receivedAt = new Date(FIRST_DAY + number * 60_000).toISOString()
    const call = { messageId: `m${number}`, userId: `u${number % 50}`, receivedAt }
    const identify = { ...call, type: 'identify', traits: { vip: true, visits: number } }
    const properties = { audience_key: 'vip', vip: true, visits: number }
    const track = { ...call, type: 'track', event: 'Audience Entered', properties }
    return `${JSON.stringify(number % 2 ? identify : track)}\n`
  }).join('')

describeOnStore('a sync from a bucket', (store) => {
  let fromBucket: SyncBench
  let fromFolder: SyncBench
  beforeEach(async () => {
    fromBucket = await SyncBench.create()
    fromFolder = await SyncBench.create()
  })
  afterEach(async () => {
    await fromBucket.remove()
    await fromFolder.remove()
  })

  const put = async (file: string, text: string) => {
    const content = file.endsWith('.gz') ? gzipSync(text) : text
    await store().put(file, content)
    await fromFolder.writeBytes(file, content)
  }
  const syncBucket = async (more: object = {}, wrap = (source: Source) => source) => {
    await using source = new ObjectStoreSource('calls', store().spec(), store().environment)
    const order = await fromBucket.prepare(MANIFESTS)
    return await fromBucket.sync(order, { sources: [wrap(source)], ...more })
  }
  const expectEqual = async () => {
    await fromFolder.sync(await fromFolder.prepare(MANIFESTS))
    for (const table of TABLES) {
      const rows = await fromBucket.rows(table)
      expect(rows.length).toBeGreaterThan(0)
      expect(rows).toEqual(await fromFolder.rows(table))
    }
  }

  test('equals one from a folder; a second opens no session, and a late object is found', async () => {
    for (let day = 0; day < 20; day++) await put(fileOf(day, `${day * 31}.gz`), lines(day * 100, 100))
    await put('extra/a.ndjson', lines(5000, 100).trimEnd())
    const first = await syncBucket()
    expect(first).toMatchObject({ status: 'Success', calls: 2100, opened: true })
    await expectEqual()

    store().proxy.requests.length = 0
    expect(await syncBucket()).toMatchObject({ opened: false, calls: 0 })
    expect(store().proxy.requests.length).toBe(store().proxy.lists().length)
    expect(Object.keys(fromBucket.mirror?.stamps ?? {}).length).toBe(8 + 1)

    await put(fileOf(14, 'late.gz'), lines(6000, 10))
    expect(await syncBucket()).toMatchObject({ status: 'Success', calls: 10 })
    await expectEqual()
  })

  test('goes on in the middle of an object where the last one was stopped', async () => {
    await put('a.ndjson', lines(0, 5000))
    await put('b.ndjson.gz', lines(30_000, 5000))
    const stop = new AbortController()
    const stopped = await syncBucket({ signal: stop.signal, onProgress: () => stop.abort() })
    expect(stopped.calls).toBeGreaterThan(0)
    expect(stopped.calls).toBeLessThan(5000)
    store().proxy.requests.length = 0
    const rest = await syncBucket()
    expect(stopped.calls + rest.calls).toBe(10_000)
    expect(store().proxy.requests.some((line) => /a\.ndjson.* bytes=[1-9]\d*-$/.test(line))).toBe(true)
    await expectEqual()
  })

  test('an object that was replaced is read again; one that is cut off does not stop the others, and heals', async () => {
    await put('a.ndjson', lines(0, 10))
    const whole = gzipSync(lines(100, 1000))
    await store().put('b.ndjson.gz', whole.subarray(0, 200))
    await put('c.ndjson', lines(5000, 10))
    const first = await syncBucket()
    expect(first.error).toMatchObject({ reason: 'SourceUnreadable', message: expect.stringContaining('b.ndjson.gz') })
    expect(await fromBucket.rows('engage_default.identifies', 'id')).toEqual(
      expect.arrayContaining([{ id: 'm1' }, { id: 'm5001' }]),
    )
    await put('a.ndjson', lines(0, 20))
    await put('b.ndjson.gz', lines(100, 1000))
    const second = await syncBucket()
    expect(second.error).toBeUndefined()
    await expectEqual()
  })
})
