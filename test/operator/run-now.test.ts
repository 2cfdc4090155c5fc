import { expect, test } from 'vitest'
import type { Activation } from '../../src/model/activation.ts'
import type { WarehouseDestination } from '../../src/model/destination.ts'
import type { EngageSpace } from '../../src/model/space.ts'
import { cronJobName, syncCronJob } from '../../src/operator/cron-job.ts'
import { type CronJob, DESTINATION_LABEL, type Job, SYNC_REQUESTED } from '../../src/operator/resource-types.ts'
import { isAwaited, runRequested, runRequestedOfDestination } from '../../src/operator/run-now.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { destinationNotFound, type SchemaOutcome } from '../../src/reconcile/space.ts'
import { clientOf, json, refuse, scriptedServer } from '../kube/scripted-server.ts'
import { MemoryStore } from '../reconcile/world.ts'
import { ACTIVATION, CONFIG, DESTINATION, SPACE } from './pair.ts'

const destinationNamed = (name: string): WarehouseDestination => ({
  ...DESTINATION,
  metadata: { ...DESTINATION.metadata, name, uid: `uid-${name}` },
  status: { conditions: [], spaces: [], activations: 0 },
})

const spaceNamed = (name: string, destinations: readonly string[]): EngageSpace => ({
  ...SPACE,
  metadata: { ...SPACE.metadata, name, uid: `uid-${name}`, generation: 1 },
  spec: { ...SPACE.spec, destinations: destinations.map((destination) => ({ name: destination })) },
  status: {
    observedGeneration: 1,
    conditions: [],
    schemas: [],
    tables: [],
    syncCronJobs: [],
    history: [],
    recordedJobs: [],
  },
})

const activationIn = (space: string, destination: string): Activation => ({
  ...ACTIVATION,
  spec: { ...ACTIVATION.spec, spaceRef: { name: space }, destinationRef: { name: destination } },
  status: { conditions: [], tables: [], history: [] },
})

/** Spaces with CronJobs in some destinations, and an API server that makes Jobs. */
async function world({ spaces, cronJobs: pairs }: { spaces: EngageSpace[]; cronJobs: [EngageSpace, string][] }) {
  const jobs = new Map<string, Job>()
  /** Destinations of the Jobs that were made, in order. */
  const made: (string | undefined)[] = []
  const refused = new Set<string | undefined>()
  const { url } = await scriptedServer((request, response) => {
    if (request.method !== 'POST') return refuse(response, 404, 'NotFound')
    const job: Job = JSON.parse(request.body)
    const destination = job.metadata.labels?.[DESTINATION_LABEL]
    if (refused.has(destination)) return refuse(response, 403, 'Forbidden')
    jobs.set(job.metadata.name, job)
    made.push(destination)
    json(response, job, 201)
  })
  const cronJobs = new Map<string, CronJob>()
  const addCronJob = (space: EngageSpace, destination: string) => {
    const parts = { destination: destinationNamed(destination), config: CONFIG, configMaps: [], image: { name: 'x' } }
    cronJobs.set(`team-a/${cronJobName(space.metadata.name, destination)}`, syncCronJob({ space, ...parts }))
  }
  for (const [space, destination] of pairs) addCronJob(space, destination)
  const store = new MemoryStore([...spaces, destinationNamed('good')])
  const context = {
    client: clientOf(url),
    store,
    cronJobs: { get: (key: string) => cronJobs.get(key) },
    jobs: { all: () => [...jobs.values()] },
  }
  const ask = (id: string, request: string) => {
    const resource = store.get(id)
    store.put({ ...resource, metadata: { ...resource.metadata, annotations: { [SYNC_REQUESTED]: request } } })
  }
  const space = (name: string) => {
    const resource = store.get(`EngageSpace/${name}`)
    if (resource.kind !== 'EngageSpace') throw new Error(`${name} is a space`)
    return resource
  }
  const destination = (name: string) => {
    const resource = store.get(`WarehouseDestination/${name}`)
    if (resource.kind !== 'WarehouseDestination') throw new Error(`${name} is a destination`)
    return resource
  }
  return {
    ...{ store, context, made, refused, ask, addCronJob, space, destination },
    /** The end of a look at a space, with what became of it. */
    look: async (name: string, ...outcomes: SchemaOutcome[]) =>
      await runRequested(context, space(name), await store.activations(), outcomes),
    /** The end of a look at a destination. */
    probe: async (name: string) => await runRequestedOfDestination(context, destination(name), await store.spaces()),
    /** The Jobs of a destination end, and Kubernetes forgets them: others have ended after them. */
    endJobs: (of: string) => {
      for (const [name, { metadata }] of jobs) if (metadata.labels?.[DESTINATION_LABEL] === of) jobs.delete(name)
    },
    /** All Jobs end, and Kubernetes keeps them. */
    finishJobs: () => {
      for (const [name, job] of jobs)
        jobs.set(name, { ...job, status: { conditions: [{ type: 'Complete', status: 'True' }] } })
    },
    /** A scheduled sync that runs. */
    run: (of: EngageSpace, into: string) => {
      const cronJob = cronJobs.get(`team-a/${cronJobName(of.metadata.name, into)}`)
      if (!cronJob) throw new Error('there is a CronJob')
      const metadata = { ...cronJob.metadata, name: `${cronJob.metadata.name}-29400000` }
      jobs.set(metadata.name, { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: {} })
    },
  }
}

const NO_CHANGES: Plan = { changes: [], statements: [], hash: '', destructive: false }
const nothingLands = (destination: string) => ({
  destination,
  plan: {
    order: CONFIG.order,
    verdicts: new Map(),
    verdictOf: () => undefined,
    plan: NO_CHANGES,
    awaiting: NO_CHANGES,
    problems: [],
    drift: [],
    cautions: [],
    full: [],
    tables: [],
    tableOf: () => undefined,
    tablesOf: () => new Map(),
  },
})
const synced = (destination: string): SchemaOutcome => ({ ...nothingLands(destination), cronJob: 'its-cron-job' })
const troubled = (destination: string, consequence: 'Retry' | 'Wait' | 'Stalled'): SchemaOutcome => ({
  destination,
  trouble: { reason: 'DestinationNotReady', consequence, message: 'it cannot be used' },
})
const missing: SchemaOutcome = { destination: 'missing', trouble: destinationNotFound('missing') }

test('where there is nothing to start a request counts as handled, and the rest of it is done once', async () => {
  const main = spaceNamed('main', ['good', 'missing', 'local', 'empty'])
  const { store, made, ask, look, endJobs, space } = await world({ spaces: [main], cronJobs: [[main, 'good']] })
  ask('EngageSpace/main', 'now')
  for (let times = 0; times < 5; times++) {
    await look('main', synced('good'), missing, troubled('local', 'Wait'), nothingLands('empty'))
    endJobs('good')
  }
  expect(made).toEqual(['good'])
  expect(space('main').status).toMatchObject({ lastHandledSyncRequest: 'now' })
  expect(store.events).toEqual(Array(3).fill('EngageSpace/main Warning SyncNotStarted'))
})

test('a request waits only for destinations where a sync runs; the others are not synced again meanwhile', async () => {
  const main = spaceNamed('main', ['good', 'slow'])
  const { made, ask, look, run, endJobs, space } = await world({
    spaces: [main],
    cronJobs: [
      [main, 'good'],
      [main, 'slow'],
    ],
  })
  run(main, 'slow')
  ask('EngageSpace/main', 'now')
  for (let times = 0; times < 5; times++) {
    await look('main', synced('good'), synced('slow'))
    endJobs('good')
  }
  expect(made).toEqual(['good'])
  expect(space('main').status).toMatchObject({ pendingSync: { request: 'now', waiting: ['slow'] } })
  expect(space('main').status).not.toHaveProperty('lastHandledSyncRequest')

  endJobs('slow')
  await look('main', synced('good'), synced('slow'))
  expect(made).toEqual(['good', 'slow'])
  expect(space('main').status).toMatchObject({ lastHandledSyncRequest: 'now' })
  expect(space('main').status).not.toHaveProperty('pendingSync')

  endJobs('slow')
  ask('EngageSpace/main', 'again')
  await look('main', synced('good'), synced('slow'))
  expect(made).toEqual(['good', 'slow', 'good', 'slow'])
})

test('a request waits for a CronJob that the next try may make', async () => {
  const main = spaceNamed('main', ['good'])
  const { store, made, ask, look, addCronJob, space } = await world({ spaces: [main], cronJobs: [] })
  ask('EngageSpace/main', 'now')
  await look('main', troubled('good', 'Retry'))
  expect(space('main').status).toMatchObject({ pendingSync: { request: 'now', waiting: ['good'] } })
  addCronJob(main, 'good')
  await look('main', synced('good'))
  expect(made).toEqual(['good'])
  expect(space('main').status).toMatchObject({ lastHandledSyncRequest: 'now' })
  expect(store.events).toEqual([])
})

test('a CronJob is used though its destination cannot be looked at, and not once nothing lands there', async () => {
  const main = spaceNamed('main', ['good'])
  const { store, made, ask, look } = await world({ spaces: [main], cronJobs: [[main, 'good']] })
  ask('EngageSpace/main', 'first')
  await look('main', troubled('good', 'Wait'))
  expect(made).toEqual(['good'])
  ask('EngageSpace/main', 'second')
  await look('main', nothingLands('good'))
  expect(made).toEqual(['good'])
  expect(store.events).toEqual(['EngageSpace/main Warning SyncNotStarted'])
})

test('a request on an activation is of its destination; one that its space does not have is handled too', async () => {
  const main = spaceNamed('main', ['good', 'other'])
  const { store, made, ask, look } = await world({
    spaces: [main],
    cronJobs: [
      [main, 'good'],
      [main, 'other'],
    ],
  })
  store.put(activationIn('main', 'good'))
  const id = `Activation/${ACTIVATION.metadata.name}`
  ask(id, 'now')
  await look('main', synced('good'), synced('other'))
  expect(made).toEqual(['good'])
  expect(store.get(id).status).toMatchObject({ lastHandledSyncRequest: 'now' })

  store.put(activationIn('main', 'elsewhere'))
  ask(id, 'again')
  await look('main', synced('good'), synced('other'))
  expect(made).toEqual(['good'])
  expect(store.get(id).status).toMatchObject({ lastHandledSyncRequest: 'again' })
  expect(store.events).toEqual([`${id} Warning SyncNotStarted`])
})

test('one value on a space, its destination and its activation asks for a sync each', async () => {
  const main = spaceNamed('main', ['good'])
  const { store, made, ask, look, probe, finishJobs } = await world({ spaces: [main], cronJobs: [[main, 'good']] })
  store.put(activationIn('main', 'good'))
  ask('EngageSpace/main', 'now')
  await look('main', synced('good'))
  finishJobs()
  ask('WarehouseDestination/good', 'now')
  await probe('good')
  finishJobs()
  ask(`Activation/${ACTIVATION.metadata.name}`, 'now')
  for (let times = 0; times < 3; times++) {
    await look('main', synced('good'))
    await probe('good')
  }
  expect(made).toEqual(['good', 'good', 'good'])
})

test('a Job that the API server refuses does not keep the other destinations from theirs', async () => {
  const main = spaceNamed('main', ['full', 'good'])
  const { store, made, refused, ask, look, space } = await world({
    spaces: [main],
    cronJobs: [
      [main, 'full'],
      [main, 'good'],
    ],
  })
  refused.add('full')
  ask('EngageSpace/main', 'now')
  await look('main', synced('full'), synced('good'))
  expect(made).toEqual(['good'])
  expect(space('main').status).toMatchObject({ lastHandledSyncRequest: 'now' })
  expect(store.events).toEqual(['EngageSpace/main Warning SyncNotStarted'])
})

test('a longer request than statuses can have is done once too', async () => {
  const main = spaceNamed('main', ['good'])
  const { made, ask, look, endJobs } = await world({ spaces: [main], cronJobs: [[main, 'good']] })
  ask('EngageSpace/main', 'x'.repeat(300))
  for (let times = 0; times < 3; times++) {
    await look('main', synced('good'))
    endJobs('good')
  }
  expect(made).toEqual(['good'])
})

test('a request on a destination is of all its spaces: it waits for those that sync, or were not looked at yet', async () => {
  const [idle, busy, empty] = ['idle', 'busy', 'empty'].map((name) => spaceNamed(name, ['good']))
  const elsewhere = spaceNamed('elsewhere', ['other'])
  if (!idle || !busy || !empty) throw new Error('there are three spaces')
  const { status: _, ...unseen } = spaceNamed('unseen', ['good'])
  const { store, context, made, ask, probe, run, endJobs, destination, addCronJob } = await world({
    spaces: [idle, busy, empty, unseen, elsewhere],
    cronJobs: [
      [idle, 'good'],
      [busy, 'good'],
      [elsewhere, 'other'],
    ],
  })
  run(busy, 'good')
  ask('WarehouseDestination/good', 'now')
  for (let times = 0; times < 5; times++) await probe('good')
  expect(made).toEqual(['good'])
  expect(destination('good').status).toMatchObject({ pendingSync: { request: 'now', waiting: ['busy', 'unseen'] } })
  expect(store.events).toEqual(['WarehouseDestination/good Warning SyncNotStarted'])
  // Who is waited for brings the request back, once there is no more to wait for.
  const awaited = () =>
    [idle, busy, empty, unseen, elsewhere].filter((one) => isAwaited(context, one, destination('good')))
  expect(awaited()).toEqual([unseen])

  endJobs('good')
  addCronJob(unseen, 'good')
  expect(awaited()).toEqual([busy, unseen])
  await probe('good')
  expect(made).toEqual(['good', 'good', 'good'])
  expect(destination('good').status).toMatchObject({ lastHandledSyncRequest: 'now' })
  expect(awaited()).toEqual([])
})
