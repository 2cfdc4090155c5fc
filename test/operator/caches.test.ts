import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { Caches } from '../../src/operator/caches.ts'
import { ResourceCache } from '../../src/operator/resource-cache.ts'
import { CRON_JOBS, JOBS } from '../../src/operator/resource-types.ts'
import { clientOf, json, refuse, scriptedServer } from '../kube/scripted-server.ts'

const NEVER = new AbortController().signal

/** Caches of two kinds in two namespaces, on a server that refuses lists of these paths. */
async function start(refused: Set<string>) {
  const answer = (response: ServerResponse, path: string) => {
    if (refused.has(path)) refuse(response, 403, 'Forbidden')
    else json(response, { metadata: { resourceVersion: '4' }, items: [] })
  }
  const server = await scriptedServer(({ path, query }, response) => {
    if (query.has('watch')) response.flushHeaders()
    else answer(response, path.replace('/apis/batch/v1/namespaces/', ''))
  })
  const client = clientOf(server.url)
  const options = { client, namespaces: ['team-a', 'team-b'], onChange: () => undefined, report: () => undefined }
  const caches = new Caches([
    new ResourceCache({ ...options, type: CRON_JOBS }),
    new ResourceCache({ ...options, type: JOBS }),
  ])
  const stop = new AbortController()
  const running = caches.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await running
  })
  return caches
}

test('are filled though a namespace is refused, which is unseen until all of it can be listed', async () => {
  const refused = new Set(['team-b/cronjobs', 'team-b/jobs'])
  const caches = await start(refused)
  await caches.filled(60_000, NEVER)
  expect(caches.isUnseen('team-a')).toBe(false)
  expect(caches.isUnseen('team-b')).toBe(true)
  const error = 'GET /apis/batch/v1/namespaces/team-b/cronjobs: Forbidden! (403 Forbidden)'
  expect(caches.unseen).toEqual([{ namespace: 'team-b', kinds: ['CronJob', 'Job'], error }])

  refused.delete('team-b/cronjobs')
  await expect.poll(() => caches.unseen, { timeout: 20_000 }).toMatchObject([{ kinds: ['Job'] }])
  expect(caches.isUnseen('team-b')).toBe(true)
  refused.delete('team-b/jobs')
  await caches.seen('team-b')
  expect(caches.isUnseen('team-b')).toBe(false)
  expect(caches.unseen).toEqual([])
})

test('are not filled where nothing can be seen whole, and what is missing is named', async () => {
  const caches = await start(new Set(['team-a/jobs', 'team-b/cronjobs', 'team-b/jobs']))
  await expect(caches.filled(1_000, NEVER)).rejects.toThrow(
    'the API server did not list all resources within 1 s: ' +
      'Job in team-a (GET /apis/batch/v1/namespaces/team-a/jobs: Forbidden! (403 Forbidden)); ' +
      'CronJob, Job in team-b (GET /apis/batch/v1/namespaces/team-b/cronjobs: Forbidden! (403 Forbidden))',
  )
})

test('are not waited for once the operator is to stop', async () => {
  const caches = await start(new Set(['team-a/jobs', 'team-b/jobs']))
  await caches.filled(60_000, AbortSignal.abort())
})
