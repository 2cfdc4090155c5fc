import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RecordedRun } from '../../src/model/status.ts'
import { DESTINATION_LABEL, type Job, SPACE_LABEL } from '../../src/operator/resource-types.ts'
import { recordRuns } from '../../src/operator/runs.ts'
import { clientOf, json, scriptedServer } from '../kube/scripted-server.ts'
import { MemoryStore } from '../reconcile/world.ts'
import { ACTIVATION, DESTINATION, SPACE } from './pair.ts'

const START = Date.parse('2026-11-25T00:00:00Z')
const at = (second: number): string => `${new Date(START + second * 1000).toISOString().slice(0, 19)}Z`

function endedJob(name: string, destination: string, second: number): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: 'team-a',
      uid: `uid-${name}`,
      labels: { [SPACE_LABEL]: 'default', [DESTINATION_LABEL]: destination },
    },
    spec: {},
    status: {
      startTime: at(second - 5),
      completionTime: at(second),
      conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: at(second) }],
    },
  }
}

/** A space in two destinations, Jobs as Kubernetes keeps them, and pods by the name of their Job. */
async function world() {
  const pods = new Map<string, unknown[]>()
  const { url } = await scriptedServer((request, response) => {
    const job = request.query.get('labelSelector')?.split('=')[1] ?? ''
    json(response, { kind: 'PodList', metadata: {}, items: pods.get(job) ?? [] })
  })
  const client = clientOf(url)
  const fresh = () => {
    const status = { conditions: [], schemas: [], tables: [], syncCronJobs: [], history: [], recordedJobs: [] }
    const store = new MemoryStore([
      { ...SPACE, status },
      DESTINATION,
      { ...DESTINATION, metadata: { ...DESTINATION.metadata, name: 'second' } },
    ])
    const kept = new Map<string, Job>()
    const runs: string[] = []
    const told: { status: string; rows: number }[] = []
    const space = async () => {
      const [found] = await store.spaces()
      if (!found?.status) throw new Error('there is a space with a status')
      return { ...found, status: found.status }
    }
    /** What each look does: nothing but the status is known from the one before. */
    const look = async () => {
      const context = {
        client,
        store,
        jobs: { all: () => [...kept.values()] },
        onRun: (_: unknown, run: { status: string; rows: number }) => told.push(run),
        onKilled: async (_: unknown, job: string) => void runs.push(job),
      }
      await recordRuns(context, await space())
    }
    const limit = (name: string, historyLimit: number) => {
      const { spec } = DESTINATION
      store.put({
        ...DESTINATION,
        metadata: { ...DESTINATION.metadata, name },
        spec: { ...spec, sync: { ...spec.sync, historyLimit } },
      })
    }
    return { store, kept, runs, told, space, look, limit }
  }
  return { pods, fresh }
}

const jobsIn = (history: readonly RecordedRun[], destination: string) =>
  history.filter((run) => run.destination === destination).map(({ job }) => job)

test('each ended Job is recorded once, whatever limits and Kubernetes keep; each destination has a history of its own', async () => {
  const { fresh } = await world()
  const destination = fc.constantFrom('warehouse', 'second')
  const step = fc.oneof(
    fc.record({ does: fc.constant('end' as const), destination, second: fc.nat(20) }),
    fc.record({ does: fc.constant('limit' as const), destination, limit: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ does: fc.constant('delete' as const), which: fc.nat(20) }),
    fc.constant({ does: 'look' as const }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { kept, runs, told, space, look, limit } = fresh()
      const seen = new Set<string>()
      const endsOf = new Map<string, string[]>()
      const limits = new Map([
        ['warehouse', [20]],
        ['second', [20]],
      ])
      for (const [index, it] of [...steps, { does: 'look' as const }, { does: 'look' as const }].entries()) {
        if (it.does === 'end') kept.set(`j${index}`, endedJob(`j${index}`, it.destination, it.second))
        if (it.does === 'delete') kept.delete([...kept.keys()][it.which] ?? '')
        if (it.does === 'limit') {
          limits.get(it.destination)?.push(it.limit)
          limit(it.destination, it.limit)
        }
        if (it.does !== 'look') continue
        for (const [name, { metadata, status }] of kept) {
          const of = metadata.labels?.[DESTINATION_LABEL] ?? ''
          if (!seen.has(name)) endsOf.set(of, [...(endsOf.get(of) ?? []), status?.completionTime ?? ''])
          seen.add(name)
        }
        await look()
        expect(runs.toSorted()).toEqual([...seen].sort())
        expect(told).toHaveLength(seen.size)
      }
      const { history } = (await space()).status
      for (const [name, ends] of endsOf) {
        const mine = history.filter(({ destination }) => destination === name).map(({ end }) => end)
        expect(mine).toEqual(mine.toSorted().reverse())
        expect(mine[0]).toBe(ends.toSorted().at(-1))
        expect(mine.length).toBeLessThanOrEqual(Math.max(...(limits.get(name) ?? [])))
      }
    }),
    { numRuns: 60 },
  )
})

test('a destination that syncs seldom keeps its history beside one that syncs often', async () => {
  const { fresh } = await world()
  const { kept, space, look, limit } = fresh()
  limit('warehouse', 3)
  limit('second', 1)
  kept.set('seldom', endedJob('seldom', 'second', 1))
  for (const second of [2, 3, 4, 5]) kept.set(`often-${second}`, endedJob(`often-${second}`, 'warehouse', second))
  await look()
  const { history, lastSync } = (await space()).status
  expect(jobsIn(history, 'warehouse')).toEqual(['often-5', 'often-4', 'often-3'])
  expect(jobsIn(history, 'second')).toEqual(['seldom'])
  expect(lastSync).toMatchObject({ job: 'often-5', destination: 'warehouse' })
})

test('a run is told of the activations that it was for: of none that was held back, or made after it began', async () => {
  const { fresh } = await world()
  const { store, kept, look } = fresh()
  const put = (name: string, created: number, suspend: boolean) =>
    store.put({
      ...ACTIVATION,
      metadata: { ...ACTIVATION.metadata, name, creationTimestamp: at(created) },
      spec: { ...ACTIVATION.spec, suspend },
      status: { conditions: [], tables: [], history: [] },
    })
  put('loaded', 10, false)
  put('held-back', 0, true)
  put('later', 11, false)
  kept.set('job', endedJob('job', 'warehouse', 15))
  await look()
  const told = (await store.activations()).filter(({ status }) => status?.lastSync)
  expect(told.map(({ metadata }) => metadata.name)).toEqual(['loaded'])
})

test('Jobs that are gone are forgotten', async () => {
  const { fresh } = await world()
  const { kept, space, look } = fresh()
  kept.set('first', endedJob('first', 'warehouse', 1))
  await look()
  kept.delete('first')
  kept.set('second', endedJob('second', 'warehouse', 2))
  await look()
  expect((await space()).status.recordedJobs).toEqual(['uid-second'])
})

test('a crash before the status is written records the Job again, and it stands there once', async () => {
  const { fresh } = await world()
  const { store, kept, space, look } = fresh()
  kept.set('first', endedJob('first', 'warehouse', 1))
  store.beforeStatus = () => {
    throw new Error('crash')
  }
  await expect(look()).rejects.toThrow('crash')
  store.beforeStatus = () => undefined
  await look()
  expect(jobsIn((await space()).status.history, 'warehouse')).toEqual(['first'])
})

test('the verdict is that of the container that syncs, though a sidecar ends after it', async () => {
  const { pods, fresh } = await world()
  const { kept, told, look } = fresh()
  kept.set('job', endedJob('job', 'warehouse', 9))
  const verdict = { runId: 'run', start: at(1), end: at(8), status: 'Partial', rows: 7, notices: [] }
  const ended = (name: string, message: string, second: number) => ({
    name,
    state: { terminated: { exitCode: 0, reason: 'Completed', message, finishedAt: at(second) } },
  })
  pods.set('job', [
    {
      metadata: { name: 'job-1' },
      status: { containerStatuses: [ended('istio-proxy', '', 9), ended('sync', JSON.stringify(verdict), 8)] },
    },
  ])
  await look()
  expect(told).toEqual([expect.objectContaining({ runId: 'run', status: 'Partial', rows: 7 })])
})
