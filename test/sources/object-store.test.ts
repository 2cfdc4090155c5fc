import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { marksAfter } from '../../src/sources/listing.ts'
import { ObjectStoreSource } from '../../src/sources/object-store.ts'
import type { SourceObject } from '../../src/sources/port.ts'
import { describeOnStore, environmentOf } from '../object-store/on-store.ts'

const DAY_MS = 86_400_000
const FIRST_DAY = Date.UTC(2026, 9, 1)
const TODAY = '2026-12-31'
const dayFolder = (number: number) => String(FIRST_DAY + number * DAY_MS)

async function textOf(source: ObjectStoreSource, object: SourceObject, from = 0): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of source.open(object, from)) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString()
}

const inTurns = async <T>(items: readonly T[], act: (item: T) => Promise<void>) => {
  const rest = [...items]
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await act(item)
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}

const keysOf = (objects: readonly SourceObject[]) => objects.map(({ key }) => key).toSorted()
const marksOf = (objects: readonly SourceObject[]) =>
  marksAfter(
    objects.flatMap(({ dated }) => dated ?? []),
    {},
    TODAY,
  )

describeOnStore('a bucket', (store) => {
  const open = (prefix?: string) => new ObjectStoreSource('calls', store().spec(prefix), store().environment)
  const objectAt = async (source: ObjectStoreSource, key: string): Promise<SourceObject> => {
    const object = (await source.list()).find((candidate) => candidate.key === key)
    if (!object) throw new Error(`no object ${key}`)
    return object
  }

  test('lists what holds calls below the prefix, with keys below it', async () => {
    const keys = [
      'in/a.ndjson',
      'in/b.jsonl.gz',
      'in/c.json',
      'in/.d.ndjson',
      'in/1763942400000/e.gz',
      'other/f.ndjson',
      'in.ndjson',
    ]
    await inTurns(keys, (key) => store().put(key, '{}\n'))
    for (const prefix of ['in', 'in/', '/in//']) {
      await using source = open(prefix)
      const objects = await source.list()
      expect(keysOf(objects)).toEqual(['1763942400000/e.gz', 'a.ndjson', 'b.jsonl.gz'])
      expect(objects.every(({ growing, bytes }) => !growing && bytes === 3)).toBe(true)
    }
    await using whole = open()
    expect((await whole.list()).length).toBe(5)
  })

  test('5,000 objects take few requests at first, and later only those of the last days', {
    timeout: 120_000,
  }, async () => {
    const keys = Array.from(
      { length: 5000 },
      (_, n) => `logs/segment-logs/s${n % 2}/${dayFolder(n % 50)}/${n * 7919}.gz`,
    )
    await store().fill(keys)
    await using source = open('logs')
    const all = await source.list()
    expect(keysOf(all)).toEqual(keys.map((key) => key.slice('logs/'.length)).toSorted())
    expect(store().proxy.lists().length).toBeLessThanOrEqual(6)

    const marks = marksOf(all)
    expect(marks).toEqual({ 'segment-logs/s0/': '2026-11-11', 'segment-logs/s1/': '2026-11-12' })
    store().proxy.requests.length = 0
    const fresh = [`segment-logs/s0/${dayFolder(60)}/new.gz`, `segment-logs/s1/${dayFolder(43)}/late.gz`]
    const tooLate = `segment-logs/s0/${dayFolder(3)}/too-late.gz`
    const newSource = `segment-logs/s2/${dayFolder(1)}/old.gz`
    await store().fill([...fresh, tooLate, newSource].map((key) => `logs/${key}`))
    const recent = keysOf(await source.list(marks))
    expect(recent).toEqual(expect.arrayContaining([...fresh, newSource]))
    expect(recent).not.toContain(tooLate)
    expect(recent.length).toBe(8 * 100 + 3)
    // Top, segment-logs/, two sources and their days (8, and one new), and the new source.
    expect(store().proxy.lists().length).toBe(2 + 2 + 8 + 1 + 1)
  })

  test('plain and compressed content reads the same, from any offset; plain objects are asked for by range', async () => {
    const text = '{"type":"track"}\n'.repeat(200_000)
    await store().put('a.ndjson', text)
    await store().put('b.ndjson.gz', gzipSync(text))
    await store().put(
      'c.ndjson.zst',
      Buffer.concat([zstdCompressSync(text.slice(0, 1700)), zstdCompressSync(text.slice(1700))]),
    )
    await using source = open()
    for (const key of ['a.ndjson', 'b.ndjson.gz', 'c.ndjson.zst']) {
      const object = await objectAt(source, key)
      expect((await textOf(source, object)) === text).toBe(true)
      expect((await textOf(source, object, 1_500_017)) === text.slice(1_500_017)).toBe(true)
      if (key === 'a.ndjson') expect(await textOf(source, object, object.bytes)).toBe('')
    }
    expect(store().proxy.requests).toContain(`GET /${store().bucket}/a.ndjson?x-id=GetObject bytes=1500017-`)
  })

  test.each(['a.ndjson', 'b.ndjson.gz'])('where the connection breaks, reading %s goes on from there', async (key) => {
    const text = Array.from({ length: 30_000 }, () => `${randomBytes(30).toString('hex')}\n`).join('')
    await store().put(key, key.endsWith('.gz') ? gzipSync(text) : text)
    await using source = open()
    const object = await objectAt(source, key)
    store().proxy.breaks.push(700_000, 10)
    expect((await textOf(source, object)) === text).toBe(true)
    const gets = store().proxy.requests.filter((line) => line.includes('x-id=GetObject'))
    expect(gets.length).toBe(3)
    expect(gets[2]).toContain('bytes=')
  })

  test('a connection that breaks again and again is a clear error', async () => {
    await store().put('a.ndjson', '{}\n'.repeat(1000))
    await using source = open()
    const object = await objectAt(source, 'a.ndjson')
    store().proxy.breaks.push(...Array.from({ length: 30 }, () => 0))
    await expect(textOf(source, object)).rejects.toMatchObject({
      reason: 'SourceUnreadable',
      consequence: 'Retry',
      message: 'source calls: a.ndjson: the connection broke 5 times: the next run goes on',
    })
  })

  test('an object that was written again is a new version; what was listed before cannot be read any more', async () => {
    await store().put('a.ndjson', '{"n":1}\n')
    await using source = open()
    const first = await objectAt(source, 'a.ndjson')
    await store().put('a.ndjson', '{"n":2}\n')
    const second = await objectAt(source, 'a.ndjson')
    expect(second.stamp).not.toBe(first.stamp)
    expect(await source.version(second)).not.toBe(await source.version(first))
    await expect(textOf(source, first)).rejects.toMatchObject({
      reason: 'SourceUnreadable',
      message: 'source calls: a.ndjson: it was replaced since it was listed: the next run reads it',
    })
    expect(await textOf(source, second)).toBe('{"n":2}\n')
    await store().remove('a.ndjson')
    await expect(textOf(source, second)).rejects.toMatchObject({
      reason: 'SourceUnreadable',
      message: 'source calls: a.ndjson: it is gone since it was listed: let it stand there until it was synced',
    })
  })

  test('an object without ETag goes by its time and size', async () => {
    await store().fill(['a.ndjson'])
    await using source = open()
    const first = await objectAt(source, 'a.ndjson')
    expect(first.stamp).toMatch(/^time-\d{13}-1$/)
    expect(await textOf(source, first)).toBe('x')
    await store().put('a.ndjson', '{}\n')
    expect((await objectAt(source, 'a.ndjson')).stamp).not.toBe(first.stamp)
  })

  test('a gzip object that is cut off is a clear error', async () => {
    await store().put('a.ndjson.gz', gzipSync('{}\n'.repeat(1000)).subarray(0, 20))
    await using source = open()
    await expect(textOf(source, await objectAt(source, 'a.ndjson.gz'))).rejects.toMatchObject({
      reason: 'SourceUnreadable',
      message: 'source calls: a.ndjson.gz cannot be decompressed: upload it again, whole',
    })
  })

  test('wrong credentials, a missing bucket and a missing Secret each name the field and the fix', async () => {
    const { spec, bucket, environment } = store()
    const errorOf = async (source: ObjectStoreSource) => {
      await using opened = source
      return await opened.list().then(
        () => undefined,
        (error: unknown) => error,
      )
    }
    const refused = {
      reason: 'SourceUnreachable',
      consequence: 'Stalled',
      message: expect.stringMatching(/^source calls: objectStore.credentialsSecretRef store: the store refused them/),
    }
    const unknown = environmentOf({ accessKeyId: 'nobody', secretAccessKey: 'hush-hush' })
    const forged = environmentOf({ accessKeyId: 'test', secretAccessKey: 'hush-hush' })
    for (const wrong of [unknown, forged]) {
      const error = await errorOf(new ObjectStoreSource('calls', spec(), wrong))
      expect(error).toMatchObject(refused)
      expect(String(error)).not.toContain('hush-hush')
    }
    expect(await errorOf(new ObjectStoreSource('calls', spec(), environmentOf({})))).toMatchObject({
      reason: 'SecretNotFound',
    })
    const missing = { ...spec(), url: `s3://no-${bucket}/logs` }
    expect(await errorOf(new ObjectStoreSource('calls', missing, environment))).toMatchObject({
      reason: 'SourceUnreachable',
      message: `source calls: objectStore.url: there is no bucket no-${bucket}: create it, or correct the url`,
    })
  })

  test('a store that went away is a clear error, for listing and for reading', async () => {
    const { url } = store().proxy
    await store().put('a.ndjson', '{}\n')
    await using source = open()
    const object = await objectAt(source, 'a.ndjson')
    await store().proxy.stop()
    const away = {
      reason: 'SourceUnreachable',
      consequence: 'Retry',
      message: `source calls: objectStore.endpoint ${url}: no answer of a store (ECONNREFUSED): check it, and the network between`,
    }
    await expect(source.list()).rejects.toMatchObject(away)
    await expect(textOf(source, object)).rejects.toMatchObject(away)
  })

  test.each([
    [200, '<html><body>Welcome</body></html>'],
    [404, 'not here'],
  ])('a server that is no store is a clear error: HTTP %i %s', async (status, page) => {
    const server = createServer((_request, response) => response.writeHead(status).end(page))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      await using source = new ObjectStoreSource('calls', { ...store().spec(), endpoint }, store().environment)
      await expect(source.list()).rejects.toMatchObject({
        reason: 'SourceUnreachable',
        message: expect.stringContaining(
          `objectStore.endpoint ${endpoint}: this is no answer of an S3 store (HTTP ${status}`,
        ),
      })
    } finally {
      server.close()
    }
  })

  test('a stop ends what is under way', async () => {
    await store().put('a.ndjson', '{}\n')
    const stop = new AbortController()
    await using source = new ObjectStoreSource('calls', store().spec(), { ...store().environment, signal: stop.signal })
    const object = await objectAt(source, 'a.ndjson')
    stop.abort()
    await expect(source.list()).rejects.toMatchObject({ reason: 'SourceUnreachable', consequence: 'Retry' })
    await expect(textOf(source, object)).rejects.toMatchObject({ reason: 'SourceUnreadable', consequence: 'Retry' })
  })
})
