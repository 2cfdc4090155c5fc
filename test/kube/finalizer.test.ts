import { expect, test } from 'vitest'
import { addFinalizer, removeFinalizer } from '../../src/kube/finalizer.ts'
import { clientOf, json, refuse, scriptedServer } from './scripted-server.ts'
import { WIDGETS, widget } from './widgets.ts'

test('is added to the version that was read, beside others', async () => {
  const server = await scriptedServer((_, response) => json(response, widget('a', { finalizers: ['x', 'ours'] })))
  const client = clientOf(server.url)
  const read = widget('a', { resourceVersion: '5', finalizers: ['x'] })
  const after = await addFinalizer(client, WIDGETS, read, 'ours')
  await addFinalizer(client, WIDGETS, after, 'ours')
  expect(server.requests.map(({ body }) => body)).toEqual([
    '{"metadata":{"resourceVersion":"5","finalizers":["x","ours"]}}',
  ])
})

test('is removed from where it stands now', async () => {
  const now = widget('a', { uid: 'u', finalizers: ['x', 'ours'] })
  const server = await scriptedServer(({ method, body }, response) => {
    if (method === 'GET') json(response, now)
    else if (body.includes('/finalizers/1')) json(response, now)
    else refuse(response, 422, 'Invalid')
  })
  const read = widget('a', { uid: 'u', finalizers: ['ours', 'x'] })
  await removeFinalizer(clientOf(server.url), WIDGETS, read, 'ours')
  expect(server.requests.map(({ method }) => method)).toEqual(['PATCH', 'GET', 'PATCH'])
  expect(JSON.parse(server.requests[2]?.body ?? '')).toEqual([
    { op: 'test', path: '/metadata/uid', value: 'u' },
    { op: 'test', path: '/metadata/finalizers/1', value: 'ours' },
    { op: 'remove', path: '/metadata/finalizers/1' },
  ])
})

test('is left alone on an object of the same name that came after', async () => {
  const server = await scriptedServer(({ method }, response) =>
    method === 'GET'
      ? json(response, widget('a', { uid: 'new', finalizers: ['ours'] }))
      : refuse(response, 422, 'Invalid'),
  )
  await removeFinalizer(clientOf(server.url), WIDGETS, widget('a', { uid: 'old', finalizers: ['ours'] }), 'ours')
  expect(server.requests.map(({ method }) => method)).toEqual(['PATCH', 'GET'])
})

test('the object may be gone already; other errors are told', async () => {
  const codes = [404, 403]
  const server = await scriptedServer((_, response) => refuse(response, codes.shift() ?? 0, 'No'))
  const client = clientOf(server.url)
  const read = widget('a', { uid: 'u', finalizers: ['ours'] })
  await removeFinalizer(client, WIDGETS, read, 'ours')
  await expect(removeFinalizer(client, WIDGETS, read, 'ours')).rejects.toMatchObject({ code: 403 })
})

test('an object that is invalid for another reason is not tried for ever', async () => {
  const read = widget('a', { uid: 'u', finalizers: ['ours'] })
  const server = await scriptedServer(({ method }, response) =>
    method === 'GET' ? json(response, read) : refuse(response, 422, 'Invalid'),
  )
  await expect(removeFinalizer(clientOf(server.url), WIDGETS, read, 'ours')).rejects.toMatchObject({ code: 422 })
  expect(server.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(5)
})
