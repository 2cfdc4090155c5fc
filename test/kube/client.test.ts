import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { KubeConnectionError, KubeError } from '../../src/kube/errors.ts'
import { retryDelayMs } from '../../src/kube/retry.ts'
import type { RequestReport } from '../../src/kube/transport.ts'
import { clientOf, json, refuse, scriptedServer, tokens } from './scripted-server.ts'
import { WIDGETS, type Widget, widget } from './widgets.ts'

const SECRETS = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true }

describe('requests', () => {
  test('each verb is what the API server expects of it', async () => {
    const server = await scriptedServer((_, response) => json(response, widget('a')))
    const client = clientOf(server.url)
    const a = widget('a')
    await client.get(WIDGETS, a.metadata)
    await client.get(SECRETS, { namespace: 'n', name: 's' }, { metadataOnly: true })
    await client.create(WIDGETS, a)
    await client.replace(WIDGETS, a)
    await client.apply(WIDGETS, a, { fieldManager: 'm', force: true, subresource: 'status' })
    await client.patch(WIDGETS, a.metadata, { merge: { x: 1 } })
    await client.patch(WIDGETS, a.metadata, { json: [{ op: 'remove', path: '/x' }] })
    await client.delete(WIDGETS, a.metadata, { propagation: 'Foreground', preconditions: { uid: 'u' } })
    const of = server.requests.map(({ method, path, query, headers, body }) =>
      [method, path, query.toString(), headers['content-type'] ?? headers.accept, body].join(' '),
    )
    const path = '/apis/example.com/v1/namespaces/default/widgets'
    const body = JSON.stringify(a)
    const strict = 'fieldValidation=Strict'
    expect(of).toEqual([
      `GET ${path}/a  application/json `,
      'GET /api/v1/namespaces/n/secrets/s  application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1 ',
      `POST ${path} ${strict} application/json ${body}`,
      `PUT ${path}/a ${strict} application/json ${body}`,
      `PATCH ${path}/a/status fieldManager=m&force=true&${strict} application/apply-patch+yaml ${body}`,
      `PATCH ${path}/a ${strict} application/merge-patch+json {"x":1}`,
      `PATCH ${path}/a ${strict} application/json-patch+json [{"op":"remove","path":"/x"}]`,
      `DELETE ${path}/a  application/json {"propagationPolicy":"Foreground","preconditions":{"uid":"u"}}`,
    ])
    expect(server.requests[0]?.headers).toMatchObject({ 'user-agent': 'test/1', authorization: 'Bearer token-1' })
  })

  test('a server address may have a path', async () => {
    const server = await scriptedServer((_, response) => json(response, widget('a')))
    await clientOf(`${server.url}/clusters/one`).get(WIDGETS, { name: 'a', namespace: 'n' })
    expect(server.requests[0]?.path).toBe('/clusters/one/apis/example.com/v1/namespaces/n/widgets/a')
  })

  test('many requests share few connections', async () => {
    const server = await scriptedServer((_, response) => json(response, widget('a')))
    const client = clientOf(server.url)
    await Promise.all(Array.from({ length: 200 }, () => client.get(WIDGETS, { name: 'a', namespace: 'n' })))
    expect(server.connections()).toBeLessThanOrEqual(16)
  })

  test('a list comes in pages, and its items say what they are', async () => {
    const pages: Record<string, unknown> = {
      '': { metadata: { resourceVersion: '7', continue: 'two' }, items: [{ metadata: { name: 'a' } }] },
      two: { metadata: { resourceVersion: '7', continue: '' }, items: [{ metadata: { name: 'b' } }] },
    }
    const server = await scriptedServer(({ query }, response) => json(response, pages[query.get('continue') ?? '']))
    const names: string[] = []
    for await (const { items } of clientOf(server.url).pages(WIDGETS, { labelSelector: 'a=b,c' })) {
      names.push(...items.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`))
    }
    expect(names).toEqual(['example.com/v1 Widget a', 'example.com/v1 Widget b'])
    expect(server.requests[1]?.query.toString()).toBe('labelSelector=a%3Db%2Cc&limit=500&continue=two')
  })
})

describe('refusals', () => {
  test('carry what the API server says', async () => {
    const details = { name: 'a', causes: [{ field: 'spec.size', message: 'must be positive' }] }
    const server = await scriptedServer((_, response) =>
      json(response, { kind: 'Status', code: 422, reason: 'Invalid', message: 'Widget "a" is invalid', details }, 422),
    )
    const error = await clientOf(server.url)
      .create(WIDGETS, widget('a'))
      .catch((it: unknown) => it)
    expect(error).toBeInstanceOf(KubeError)
    expect(error).toMatchObject({ code: 422, reason: 'Invalid', details })
    expect(String(error)).toBe(
      'KubeError: POST /apis/example.com/v1/namespaces/default/widgets: Widget "a" is invalid (422 Invalid)',
    )
  })

  test('may be plain text, of a proxy or a filter', async () => {
    const server = await scriptedServer((_, response) => response.writeHead(403).end('go away\n'))
    await expect(clientOf(server.url).get(WIDGETS, { name: 'a', namespace: 'n' })).rejects.toThrow(
      'GET /apis/example.com/v1/namespaces/n/widgets/a: go away (403 Unknown)',
    )
  })

  test('401 makes for fresh credentials, once', async () => {
    const server = await scriptedServer(({ headers }, response) =>
      headers.authorization === 'Bearer token-2' ? json(response, widget('a')) : refuse(response, 401, 'Unauthorized'),
    )
    const access = tokens(server.url)
    await clientOf(server.url, { access }).get(WIDGETS, { name: 'a', namespace: 'n' })
    expect(access.given).toBe(2)
    access.given = 5
    await expect(clientOf(server.url, { access }).get(WIDGETS, { name: 'a', namespace: 'n' })).rejects.toThrow('401')
    expect(access.given).toBe(6)
  })
})

describe('retries', () => {
  const get = { name: 'a', namespace: 'n' }

  test.each([429, 502, 503, 504])('%i is tried again', async (code) => {
    let left = 2
    const server = await scriptedServer((_, response) => {
      left -= 1
      if (left >= 0) refuse(response, code, 'Busy')
      else json(response, widget('a'))
    })
    expect(await clientOf(server.url).get<Widget>(WIDGETS, get)).toMatchObject({ kind: 'Widget' })
    expect(server.requests).toHaveLength(3)
  })

  test('500 and 409 are not, and 503 is told after five tries', async () => {
    const codes = [500, 409, ...Array<number>(5).fill(503)]
    const server = await scriptedServer((_, response) => refuse(response, codes.shift() ?? 418, 'No'))
    const client = clientOf(server.url)
    for (const code of [500, 409, 503]) await expect(client.get(WIDGETS, get)).rejects.toMatchObject({ code })
    expect(codes).toEqual([])
  })

  test('a connection that breaks is made again for what may be repeated, and not for a create', async () => {
    let breaks = 1
    const server = await scriptedServer((_, response, socket) => {
      breaks -= 1
      if (breaks >= 0) socket.destroy()
      else json(response, widget('a'))
    })
    const client = clientOf(server.url)
    await client.apply(WIDGETS, widget('a'), { fieldManager: 'm' })
    breaks = 1
    await expect(client.create(WIDGETS, widget('a'))).rejects.toThrow(KubeConnectionError)
    expect(server.requests).toHaveLength(3)
  })

  test('a create is tried again where nobody listened', async () => {
    const server = await scriptedServer(() => {})
    await server.close()
    const reports: RequestReport[] = []
    const client = clientOf(server.url, { observe: (report) => reports.push(report) })
    await expect(client.create(WIDGETS, widget('a'))).rejects.toThrow('ECONNREFUSED')
    expect(reports.map(({ code }) => code)).toEqual(Array(5).fill('<error>'))
  })

  test('a signal ends the wait and the request', async () => {
    const server = await scriptedServer((_, response) => refuse(response, 429, 'Busy', { 'Retry-After': '3600' }))
    const stop = new AbortController()
    const asked = clientOf(server.url).get(WIDGETS, get, { signal: stop.signal })
    await expect.poll(() => server.requests.length).toBe(1)
    stop.abort(new Error('stop'))
    await expect(asked).rejects.toThrow('stop')
    const silent = await scriptedServer(() => {})
    const signal = AbortSignal.timeout(50)
    await expect(clientOf(silent.url).get(WIDGETS, get, { signal })).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test('waits double to 10 seconds, by chance, after what the API server asks for', () => {
    const busy = new KubeError('GET /', { code: 429 }, 2_000)
    expect([1, 2, 3, 4, 5].map((tries) => retryDelayMs(busy, true, tries, () => 1))).toEqual([
      2_100,
      2_200,
      2_400,
      2_800,
      undefined,
    ])
    expect(retryDelayMs(busy, false, 1, () => 0)).toBe(2_000)
    expect(retryDelayMs(new KubeError('GET /', { code: 503 }), false, 1)).toBeUndefined()
  })
})

describe('watches', () => {
  test('give events as they come, however the bytes are cut', async () => {
    const events = [
      { type: 'ADDED', object: widget('ä', { resourceVersion: '8' }) },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } },
    ]
    const bytes = Buffer.from(events.map((it) => `${JSON.stringify(it)}\n`).join(''))
    const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) => bytes.subarray(7 * at, 7 * at + 7))
    const server = await scriptedServer((_, response) => Readable.from(chunks).pipe(response))
    const seen: unknown[] = []
    for await (const event of clientOf(server.url).watch(WIDGETS, { resourceVersion: '7' })) seen.push(event)
    expect(seen).toEqual(events)
    expect(server.requests[0]?.query.toString()).toBe(
      'watch=true&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=300',
    )
  })

  test('end in the error that the API server sends', async () => {
    const server = await scriptedServer((_, response) => {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
    })
    const watch = clientOf(server.url).watch(WIDGETS, { resourceVersion: '7' })
    await expect(watch.next()).rejects.toMatchObject({ code: 410, reason: 'Expired' })
  })

  test('break off when nothing comes any more', async () => {
    const server = await scriptedServer((_, response) => response.flushHeaders())
    const watch = clientOf(server.url).watch(WIDGETS, { resourceVersion: '7', idleMs: 300 })
    await expect(watch.next()).rejects.toThrow(KubeConnectionError)
  })

  test('outlive the renewal of certificates, which requests take up at once', async () => {
    let watching: ServerResponse | undefined
    const server = await scriptedServer(({ query }, response) => {
      if (query.has('watch')) {
        watching = response
        response.flushHeaders()
      } else json(response, widget('a'))
    })
    let ca = 'old'
    const credentials = async () => ({ headers: {}, tls: { ca } })
    const client = clientOf(server.url, { access: { ...tokens(server.url), credentials } })
    const get = () => client.get(WIDGETS, { name: 'a', namespace: 'n' })
    const watch = client.watch(WIDGETS, { resourceVersion: '7' })
    const event = watch.next()
    await expect.poll(() => watching).toBeDefined()
    for (let times = 0; times < 20; times += 1) await get()
    const before = server.connections()
    expect(before).toBeLessThan(5)
    ca = 'new'
    await get()
    expect(server.connections()).toBe(before + 1)
    watching?.write(`${JSON.stringify({ type: 'DELETED', object: widget('b') })}\n`)
    expect((await event).value).toMatchObject({ type: 'DELETED' })
    await watch.return(undefined)
  })

  test('all reach the server, however many there are, and take no connection of requests', async () => {
    const count = 100
    const server = await scriptedServer(({ query }, response) => {
      if (query.has('watch')) response.flushHeaders()
      else json(response, widget('a'))
    })
    const client = clientOf(server.url)
    const stop = new AbortController()
    const watches = Array.from({ length: count }, () =>
      client.watch(WIDGETS, { resourceVersion: '7', signal: stop.signal }).next(),
    )
    await expect.poll(() => server.requests.length, { timeout: 20_000 }).toBe(count)
    await client.get(WIDGETS, { name: 'a', namespace: 'n' })
    stop.abort(new Error('stop'))
    for (const watch of await Promise.allSettled(watches)) expect(watch).toMatchObject({ reason: { message: 'stop' } })
  })
})
