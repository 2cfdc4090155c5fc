import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { queueMetrics, requestMetrics } from '../../src/kube/metrics.ts'
import { WorkQueue } from '../../src/kube/work-queue.ts'
import { clientOf, json, refuse, scriptedServer } from './scripted-server.ts'
import { WIDGETS, widget } from './widgets.ts'

test('requests are counted by answer, every try of them', async () => {
  const registry = new Registry()
  const codes = [503, 200]
  const server = await scriptedServer((_, response) => {
    const code = codes.shift()
    if (code === 200) json(response, widget('a'))
    else refuse(response, 503, 'Busy')
  })
  await clientOf(server.url, { observe: requestMetrics(registry) }).get(WIDGETS, { name: 'a', namespace: 'n' })
  const host = new URL(server.url).host
  const text = await registry.metrics()
  expect(text).toContain(`rest_client_requests_total{code="503",method="GET",host="${host}"} 1`)
  expect(text).toContain(`rest_client_requests_total{code="200",method="GET",host="${host}"} 1`)
  expect(text).toContain(`rest_client_request_duration_seconds_count{verb="GET",host="${host}"} 2`)
})

test('queues have the metrics that dashboards know', async () => {
  const registry = new Registry()
  const metrics = queueMetrics(registry)
  const queue = new WorkQueue({
    observer: metrics.observer('q'),
    gateOf: (key) => (key === 'parked' ? 'g' : undefined),
  })
  metrics.watch('q', queue)
  queue.close('g')
  for (const key of ['fails', 'hangs', 'waits', 'parked']) queue.add(key)
  const hangs = Promise.withResolvers<void>()
  const stop = new AbortController()
  const ended = queue.run({
    workers: 1,
    timeoutMs: 60_000,
    stop: stop.signal,
    handle: async (key) => {
      if (key === 'fails') throw new Error('no')
      await hangs.promise
      return {}
    },
  })
  await expect.poll(() => queue.workingSeconds.length).toBe(1)
  await expect.poll(() => queue.depth).toBe(1)
  const value = async (name: string) =>
    (await registry.metrics()).match(new RegExp(`^${name}{name="q"} (.*)$`, 'm'))?.[1]
  expect(await value('workqueue_adds_total')).toBe('4')
  expect(await value('workqueue_depth')).toBe('1')
  expect(await value('workqueue_parked')).toBe('1')
  expect(await value('workqueue_retries_total')).toBe('1')
  expect(await value('workqueue_queue_duration_seconds_count')).toBe('2')
  expect(await value('workqueue_work_duration_seconds_count')).toBe('1')
  expect(Number(await value('workqueue_longest_running_processor_seconds'))).toBeGreaterThan(0)
  expect(Number(await value('workqueue_unfinished_work_seconds'))).toBeGreaterThan(0)
  stop.abort()
  hangs.resolve()
  await ended
})
