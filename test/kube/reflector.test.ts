import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Reflector, type ReflectorOptions, type ReflectorReport } from '../../src/kube/reflector.ts'
import { clientOf, json, type Received, refuse, scriptedServer } from './scripted-server.ts'
import { WIDGETS, type Widget, widget } from './widgets.ts'

type Script = (request: Received, response: ServerResponse) => void

/** A reflector on a server that answers lists and watches by these scripts, the last one again and again. */
async function start(lists: Script[], watches: Script[], options: Partial<ReflectorOptions<Widget>> = {}) {
  const server = await scriptedServer((request, response) => {
    const scripts = request.query.has('watch') ? watches : lists
    const script = scripts.length > 1 ? scripts.shift() : scripts[0]
    script?.(request, response)
  })
  const changes: string[] = []
  const reports: ReflectorReport[] = []
  const reflector = new Reflector<Widget>({
    client: clientOf(server.url),
    type: WIDGETS,
    onChange: ({ type, object }) => changes.push(`${type} ${object.metadata.name} ${object.metadata.uid}`),
    report: (report) => reports.push(report),
    backoffMs: { first: 10, longest: 50 },
    ...options,
  })
  const stop = new AbortController()
  const ended = reflector.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await ended
  })
  const failures = () => reports.flatMap((it) => (it.type === 'Failed' ? [String(it.error)] : []))
  return { server, changes, reports, failures, reflector }
}

const one = (name: string, resourceVersion: string, uid = `${name}1`) => widget(name, { resourceVersion, uid })

const listOf =
  (resourceVersion: string, ...items: Widget[]): Script =>
  (_, response) =>
    json(response, { metadata: { resourceVersion }, items })

const hang: Script = (_, response) => response.flushHeaders()

const send =
  (...events: [string, Widget | object][]): Script =>
  (_, response) => {
    for (const [type, object] of events) response.write(`${JSON.stringify({ type, object })}\n`)
  }

const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }

test('lists, watches from there, and keeps a slim copy', async () => {
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', note: 'n' }
  const fat = widget('a', { resourceVersion: '1', uid: 'a1', annotations, managedFields: [{}] }, { size: 1 })
  const watch = send(
    ['MODIFIED', widget('a', { resourceVersion: '5', uid: 'a1' }, { size: 2 })],
    ['ADDED', one('b', '6')],
    ['DELETED', one('b', '7')],
  )
  const { server, changes, reflector } = await start([listOf('4', fat)], [watch])
  await reflector.synced
  await expect.poll(() => changes).toEqual(['Added a a1', 'Modified a a1', 'Added b b1', 'Deleted b b1'])
  expect(reflector.get('default/a')?.spec).toEqual({ size: 2 })
  expect(server.requests[1]?.query.get('resourceVersion')).toBe('4')
  expect(Number(server.requests[1]?.query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300)

  const first = await start([listOf('4', fat)], [hang])
  await first.reflector.synced
  const [kept] = [...first.reflector.values()]
  expect(kept?.metadata).toEqual({
    ...{ name: 'a', namespace: 'default', resourceVersion: '1', uid: 'a1' },
    annotations: { note: 'n' },
  })
})

test('a watch that ends goes on from its last bookmark, without a list', async () => {
  const bookmark = { metadata: { resourceVersion: '90' } }
  const ends: Script = (_, response) => {
    response.write(`${JSON.stringify({ type: 'BOOKMARK', object: bookmark })}\n`)
    setTimeout(() => response.end(), 1_100)
  }
  const { server, failures } = await start([listOf('4', one('a', '1'))], [ends, hang])
  await expect.poll(() => server.requests.length, { timeout: 5_000 }).toBe(3)
  expect(server.requests.map(({ query }) => query.get('resourceVersion'))).toEqual([null, '4', '90'])
  expect(failures()).toEqual([])
})

test('a watch that ends at once is begun again with growing waits', async () => {
  const { reports } = await start([listOf('4')], [(_, response) => response.end()])
  await expect.poll(() => reports.filter(({ type }) => type === 'Failed').length).toBeGreaterThan(4)
  const waits = reports.flatMap((it) => (it.type === 'Failed' ? [it.retryInMs] : []))
  expect(waits[0]).toBeLessThanOrEqual(10)
  expect(waits[3]).toBeGreaterThanOrEqual(25)
  expect(Math.max(...waits)).toBeLessThanOrEqual(50)
})

test.each([
  ['as an event', send(['ERROR', expired])],
  ['as the answer', (_: Received, response: ServerResponse) => refuse(response, 410, 'Expired')],
])('410 %s makes for a new list, which tells what was missed', async (_, gone) => {
  const before = listOf('4', one('kept', '1'), one('gone', '2'), one('changed', '3'), one('again', '4'))
  const after = listOf('9', one('kept', '1'), one('changed', '7'), one('again', '8', 'again2'), one('new', '9'))
  const { changes, reflector } = await start([before, after], [gone, hang])
  await expect.poll(() => changes.length).toBe(9)
  expect(changes.slice(4)).toEqual([
    'Deleted gone gone1',
    'Modified changed changed1',
    'Deleted again again1',
    'Added again again2',
    'Added new new1',
  ])
  expect(reflector.size).toBe(4)
})

test('410 between two pages begins the list again', async () => {
  const first: Script = (_, response) =>
    json(response, { metadata: { resourceVersion: '4', continue: 'more' }, items: [one('a', '1')] })
  const { changes, server } = await start(
    [first, (_, response) => refuse(response, 410, 'Expired'), listOf('9', one('b', '2'))],
    [hang],
  )
  await expect.poll(() => changes).toEqual(['Added b b1'])
  expect(server.requests.map(({ query }) => query.get('continue')).slice(0, 3)).toEqual([null, 'more', null])
})

test('a storm of errors does not end it, and what was cached stays', async () => {
  const storm: Script[] = [500, 403, 500, 401, 500].map(
    (code) => (_: Received, response: ServerResponse) => refuse(response, code, 'Storm'),
  )
  const cut: Script = (_, response) => {
    response.flushHeaders()
    setImmediate(() => response.destroy())
  }
  const { changes, failures, reflector } = await start(
    [listOf('4', one('a', '1'))],
    [...storm, cut, send(['ADDED', one('b', '5')])],
  )
  await expect.poll(() => changes, { timeout: 5_000 }).toEqual(['Added a a1', 'Added b b1'])
  expect(failures().length).toBeGreaterThanOrEqual(5)
  expect(reflector.size).toBe(2)
})

test('an answer after none makes the waits short again', async () => {
  const cut: Script = (_, response) => response.destroy()
  const failing: Script = (_, response) => refuse(response, 500, 'Storm')
  const { reports } = await start([listOf('4')], [...Array<Script>(6).fill(cut), failing, hang])
  const waits = () => reports.flatMap((it) => (it.type === 'Failed' ? [it.retryInMs] : []))
  await expect.poll(() => waits().length, { timeout: 5_000 }).toBe(7)
  expect(waits()[5]).toBeGreaterThanOrEqual(25)
  expect(waits()[6]).toBeLessThanOrEqual(10)
})

test('a half-open connection is left after the idle time', async () => {
  const { changes } = await start([listOf('4')], [hang, send(['ADDED', one('a', '5')])], { idleMs: 300 })
  await expect.poll(() => changes, { timeout: 5_000 }).toEqual(['Added a a1'])
})

test('waits for a type that is not there yet, and lists anew when it has gone and come back', async () => {
  const missing: Script = (_, response) => refuse(response, 404, 'NotFound')
  const { changes, reflector, server } = await start(
    [missing, missing, listOf('4', one('a', '1')), missing, listOf('2', one('a', '1', 'a2'))],
    [missing, hang],
  )
  await reflector.synced
  await expect.poll(() => changes).toEqual(['Added a a1', 'Deleted a a1', 'Added a a2'])
  const versions = server.requests
    .filter(({ query }) => query.has('watch'))
    .map(({ query }) => query.get('resourceVersion'))
  expect(versions).toEqual(['4', '2'])
})

test.each([
  [403, 'Forbidden'],
  [404, 'NotFound'],
])('a first list that is refused with %i is an answer, but nothing is known by it', async (code, reason) => {
  const gate = Promise.withResolvers<void>()
  const refused: Script = (_, response) => refuse(response, code, reason)
  const allowed: Script = (request, response) => void gate.promise.then(() => listOf('4')(request, response))
  const { reflector } = await start([refused, allowed], [hang])
  await reflector.answered
  expect(reflector.isSynced).toBe(false)
  expect(reflector.lastFailure).toMatchObject({ code })
  gate.resolve()
  await reflector.synced
  expect(reflector.isSynced).toBe(true)
})

test('a first list that fails is no answer', async () => {
  let isAnswered = false
  const failing: Script = (_, response) => refuse(response, 500, 'Storm')
  const allowed: Script = (request, response) => {
    expect(isAnswered).toBe(false)
    listOf('4')(request, response)
  }
  const { reflector, failures } = await start([failing, failing, allowed], [hang])
  void reflector.answered.then(() => {
    isAnswered = true
  })
  await reflector.answered
  expect(failures()).toHaveLength(2)
})

test('the objects of a type that stays away are deleted', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const missing: Script = (_, response) => refuse(response, 404, 'NotFound')
  const { changes, failures } = await start([listOf('4', one('a', '1')), missing], [missing])
  await expect.poll(() => failures().length).toBeGreaterThan(3)
  expect(changes).toEqual(['Added a a1'])
  vi.advanceTimersByTime(10_000)
  await expect.poll(() => changes).toEqual(['Added a a1', 'Deleted a a1'])
})

test('a handler that throws is reported and hurts nobody', async () => {
  const seen: string[] = []
  const { failures, reflector } = await start([listOf('4', one('a', '1'), one('b', '2'))], [hang], {
    onChange: ({ key }) => {
      seen.push(key)
      throw new Error(`no ${key}`)
    },
  })
  await reflector.synced
  expect(seen).toEqual(['default/a', 'default/b'])
  expect(failures()).toEqual(['Error: no default/a', 'Error: no default/b'])
})

test('says when it was last active', async () => {
  const before = performance.now()
  const { reflector } = await start([listOf('4')], [hang])
  await reflector.synced
  expect(reflector.lastActivity).toBeGreaterThanOrEqual(before)
})
