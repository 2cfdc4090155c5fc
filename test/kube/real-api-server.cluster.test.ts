import { KubeConfig } from '@kubernetes/client-node'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { KubeClient } from '../../src/kube/client.ts'
import { KubeError } from '../../src/kube/errors.ts'
import { EVENTS, type Event, EventRecorder } from '../../src/kube/events.ts'
import { addFinalizer, removeFinalizer } from '../../src/kube/finalizer.ts'
import { kubeConfigAccess } from '../../src/kube/kube-config.ts'
import { type ElectionTiming, LEASES, LeadershipLost, lead, type Term } from '../../src/kube/lease.ts'
import type { KubeObject, ResourceType } from '../../src/kube/object.ts'
import { Reflector, type ReflectorReport } from '../../src/kube/reflector.ts'
import { describeOnCluster, describeOnControlPlane } from '../kubernetes/on-cluster.ts'
import { LABEL_SELECTORS, NO_LABEL_SELECTORS } from './label-selectors.ts'
import { applyWidgets, removeWidgets } from './widget-definition.ts'
import { WIDGETS, type Widget, widget } from './widgets.ts'

const SECRETS: ResourceType = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true }

/** `reach` is asked before every request. */
function connect(kubeconfig: string, reach: () => void = () => undefined): KubeClient {
  const access = kubeConfigAccess(() => {
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig)
    return config
  })
  const credentials = async () => {
    reach()
    return await access.credentials()
  }
  return new KubeClient({ access: { ...access, credentials }, userAgent: 'engageops-test' })
}

/** Follows the widgets until the test ends; `seen` are all changes so far. */
function follow(client: KubeClient, namespace: string) {
  const seen: string[] = []
  const reports: ReflectorReport[] = []
  const reflector = new Reflector<Widget>({
    client,
    type: WIDGETS,
    namespace,
    onChange: ({ type, object }) => seen.push(`${type} ${object.metadata.name}`),
    report: (report) => reports.push(report),
  })
  const stop = new AbortController()
  const ended = reflector.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await ended
  })
  const failures = () => reports.flatMap((it) => (it.type === 'Failed' ? [String(it.error)] : []))
  return { reflector, seen, failures }
}

const LONG = { timeout: 60_000, interval: 100 }

describeOnCluster('the Kubernetes runtime on a real API server', (cluster) => {
  let client: KubeClient
  const named = (name: string, metadata: Partial<KubeObject['metadata']> = {}, spec: Widget['spec'] = {}) =>
    widget(name, { namespace: cluster().namespace, ...metadata }, spec)

  beforeAll(async () => {
    client = connect(cluster().kubeconfig)
    await applyWidgets(client)
    return () => client.close()
  })

  test('takes the label selectors that we take, and no others', async () => {
    const taken = async (labelSelector: string) =>
      await client.list(WIDGETS, { namespace: cluster().namespace, labelSelector }).then(
        () => true,
        (error: unknown) => (error instanceof KubeError && error.code === 400 ? false : Promise.reject(error)),
      )
    for (const selector of LABEL_SELECTORS) expect(await taken(selector), selector).toBe(true)
    for (const selector of NO_LABEL_SELECTORS) expect(await taken(selector), selector).toBe(false)
  })

  test('server-side apply: conflicts, force, status, strict validation', async () => {
    const fieldManager = 'one'
    await client.apply(WIDGETS, named('applied', {}, { size: 1 }), { fieldManager })
    const other = client.apply(WIDGETS, named('applied', {}, { size: 2 }), { fieldManager: 'two' })
    await expect(other).rejects.toMatchObject({
      code: 409,
      reason: 'Conflict',
      details: { causes: [{ reason: 'FieldManagerConflict', field: '.spec.size' }] },
    })
    const forced = await client.apply<Widget>(WIDGETS, named('applied', {}, { size: 2 }), {
      fieldManager: 'two',
      force: true,
    })
    expect(forced).toMatchObject({ spec: { size: 2 }, metadata: { generation: 2 } })
    const { spec: _, ...bare } = named('applied')
    const ready = { ...bare, status: { ready: true } }
    const after = await client.apply<Widget>(WIDGETS, ready, { fieldManager, force: true, subresource: 'status' })
    expect(after).toMatchObject({ spec: { size: 2 }, status: { ready: true }, metadata: { generation: 2 } })
    const unknown = { ...named('applied'), spec: { sise: 3 } }
    await expect(client.apply(WIDGETS, unknown, { fieldManager })).rejects.toThrow('.spec.sise')
  })

  test('merge and JSON patches, replace by version, delete by incarnation', async () => {
    const made = await client.create(WIDGETS, named('patched', {}, { size: 1 }))
    const merged = await client.patch<Widget>(WIDGETS, made.metadata, { merge: { spec: { size: 2 } } })
    const value = { note: 'n' }
    const annotated = await client.patch<Widget>(WIDGETS, made.metadata, {
      json: [{ op: 'add', path: '/metadata/annotations', value }],
    })
    expect(annotated).toMatchObject({ spec: { size: 2 }, metadata: { annotations: value } })
    await expect(client.replace(WIDGETS, merged)).rejects.toMatchObject({ code: 409 })
    await client.replace(WIDGETS, { ...annotated, spec: { size: 3 } })
    await expect(client.create(WIDGETS, named('patched'))).rejects.toMatchObject({ reason: 'AlreadyExists' })
    const another = { uid: '00000000-0000-0000-0000-000000000000' }
    await expect(client.delete(WIDGETS, made.metadata, { preconditions: another })).rejects.toMatchObject({ code: 409 })
    const { uid = '' } = made.metadata
    await client.delete(WIDGETS, made.metadata, { preconditions: { uid }, propagation: 'Background' })
    await expect(client.get(WIDGETS, made.metadata)).rejects.toMatchObject({ code: 404, reason: 'NotFound' })
  })

  test('metadata alone: the values of a Secret do not come', async () => {
    const { namespace } = cluster()
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name: 's' },
      stringData: { password: 'p' },
    }
    await client.create(SECRETS, secret)
    const metadata = { name: 's', resourceVersion: expect.any(String) }
    expect(await client.get(SECRETS, secret.metadata)).toMatchObject({ metadata, data: { password: 'cA==' } })
    const known = await client.get(SECRETS, secret.metadata, { metadataOnly: true })
    expect(known).toMatchObject({ metadata })
    expect(known).not.toHaveProperty('data')
    const { items } = await client.list(SECRETS, { namespace, metadataOnly: true })
    expect(items).toMatchObject([{ apiVersion: 'v1', kind: 'Secret', metadata }])
    expect(items[0]).not.toHaveProperty('data')
  })

  test('finalizers hold an object until they are removed', async () => {
    const read = await client.create(WIDGETS, named('finalized', { finalizers: ['example.com/other'] }))
    const held = await addFinalizer(client, WIDGETS, read, 'example.com/ours')
    expect(held.metadata.finalizers).toEqual(['example.com/other', 'example.com/ours'])
    await expect(addFinalizer(client, WIDGETS, read, 'example.com/late')).rejects.toMatchObject({ code: 409 })
    await client.delete(WIDGETS, read.metadata)
    expect((await client.get(WIDGETS, read.metadata)).metadata.deletionTimestamp).toBeDefined()
    await removeFinalizer(client, WIDGETS, held, 'example.com/other')
    // Read before the other one went: ours stands elsewhere by now.
    await removeFinalizer(client, WIDGETS, held, 'example.com/ours')
    await expect(client.get(WIDGETS, read.metadata)).rejects.toMatchObject({ code: 404 })
    await removeFinalizer(client, WIDGETS, held, 'example.com/ours')
  })

  test('events are taken, and counted as series', async () => {
    const regarding = await client.create(WIDGETS, named('eventful'))
    const dropped: unknown[] = []
    const recorder = new EventRecorder({
      client,
      controller: 'example.com/test',
      instance: 'test-1',
      dropped: (_, error) => dropped.push(error),
    })
    const happening = {
      regarding,
      type: 'Warning',
      reason: 'Failed',
      action: 'Apply',
      note: 'ö'.repeat(2_000),
    } as const
    for (let times = 0; times < 5; times += 1) recorder.record(happening)
    await recorder.close()
    expect(dropped).toEqual([])
    recorder.record(happening)
    await recorder.close()
    expect(dropped).toEqual([])
    const fieldSelector = 'reason=Failed'
    const { items } = await client.list<Event>(EVENTS, { namespace: cluster().namespace, fieldSelector })
    expect(items).toMatchObject([{ series: { count: 6 }, regarding: { kind: 'Widget', name: 'eventful' } }])
    expect(await cluster().kubectl(['describe', 'widget', 'eventful'])).toMatch(/Warning\s+Failed .*x6/)
  })

  describe('leader election', () => {
    function candidate(identity: string, own: KubeClient, name: string, timing?: ElectionTiming) {
      const stop = new AbortController()
      const leads = Promise.withResolvers<Term>()
      const options = { client: own, namespace: cluster().namespace, name, identity, ...(timing && { timing }) }
      const ended = lead(options, stop.signal, async (term) => {
        leads.resolve(term)
        await new Promise<void>((resolve) => {
          for (const signal of [stop.signal, term.signal]) signal.addEventListener('abort', () => resolve())
        })
      })
      ended.catch(() => undefined)
      return { leads: leads.promise, stop, ended }
    }

    test('hands over within 3 s when the leader stops', async () => {
      const a = candidate('a', client, 'handover')
      const first = await a.leads
      const b = candidate('b', client, 'handover')
      const begin = performance.now()
      a.stop.abort()
      await a.ended
      const second = await b.leads
      expect(performance.now() - begin).toBeLessThan(3_000)
      expect(second.epoch).toBeGreaterThan(first.epoch)
      b.stop.abort()
      await b.ended
    })

    test('goes on with a greater epoch when somebody deletes the Lease', async () => {
      const timing = { lease: 3_000, renewDeadline: 2_000, retry: 200 }
      const a = candidate('a', client, 'deleted', timing)
      const first = await a.leads
      await client.delete(LEASES, { namespace: cluster().namespace, name: 'deleted' })
      const begin = performance.now()
      await expect(a.ended).rejects.toThrow(LeadershipLost)
      expect(performance.now() - begin).toBeLessThan(timing.renewDeadline / 2)
      const b = candidate('b', client, 'deleted', timing)
      expect((await b.leads).epoch).toBeGreaterThanOrEqual(first.epoch)
      b.stop.abort()
      await b.ended
    })

    test('goes on when the lease expires; who lost it knows first', async () => {
      const timing = { lease: 3_000, renewDeadline: 2_000, retry: 200 }
      const cut = new AbortController()
      const broken = connect(cluster().kubeconfig, () => cut.signal.throwIfAborted())
      onTestFinished(() => broken.close())
      const a = candidate('a', broken, 'crash', timing)
      const first = await a.leads
      const b = candidate('b', client, 'crash', timing)
      cut.abort(new Error('cut off'))
      await expect(a.ended).rejects.toThrow(LeadershipLost)
      expect(first.held()).toBe(false)
      const second = await b.leads
      expect(second.held()).toBe(true)
      expect(second.epoch).toBeGreaterThan(first.epoch)
      b.stop.abort()
      await b.ended
    })
  })
})

describeOnControlPlane('the Kubernetes runtime while the API server has faults', (controlPlane) => {
  const namespace = 'default'
  let client: KubeClient

  beforeAll(async () => {
    client = connect(controlPlane().kubeconfig)
    await applyWidgets(client)
    return () => client.close()
  })

  test('1,200 objects come in three pages, and all of them reach a reflector', async () => {
    const names = Array.from({ length: 1_200 }, (_, index) => `many-${index}`)
    await Promise.all(names.map((name) => client.create(WIDGETS, widget(name))))
    const sizes: number[] = []
    for await (const { items } of client.pages(WIDGETS, { namespace })) sizes.push(items.length)
    expect(sizes).toEqual([500, 500, 200])
    const { reflector } = follow(client, namespace)
    await reflector.synced
    expect(reflector.size).toBe(1_200)
    await Promise.all(names.map((name) => client.delete(WIDGETS, { namespace, name })))
    await expect.poll(() => reflector.size, LONG).toBe(0)
  })

  test('a restart of the API server loses nothing', async () => {
    const { seen, reflector } = follow(client, namespace)
    await reflector.synced
    await client.create(WIDGETS, widget('before'))
    await controlPlane().restartApiServer()
    await client.create(WIDGETS, widget('after'))
    await expect.poll(() => seen, LONG).toEqual(['Added before', 'Added after'])
  })

  test('where history was compacted meanwhile, a list tells what was missed', async () => {
    const { seen, reflector, failures } = follow(client, namespace)
    await reflector.synced
    seen.length = 0
    await client.create(WIDGETS, widget('known'))
    await expect.poll(() => seen, LONG).toEqual(['Added known'])
    await controlPlane().compact()
    await controlPlane().restartApiServer()
    await client.create(WIDGETS, widget('missed'))
    await expect.poll(() => seen, LONG).toEqual(['Added known', 'Added missed'])
    expect(failures()).toContainEqual(expect.stringContaining('410'))
  })

  test('a definition that is removed and applied again', async () => {
    await client.apply(WIDGETS, widget('removed'), { fieldManager: 'test' })
    const { seen, reflector } = follow(client, namespace)
    await reflector.synced
    const { uid } = reflector.get('default/removed')?.metadata ?? {}
    await removeWidgets(client)
    await expect.poll(() => reflector.size, LONG).toBe(0)
    await applyWidgets(client)
    await client.apply(WIDGETS, widget('removed'), { fieldManager: 'test' })
    await expect.poll(() => seen.at(-1), LONG).toBe('Added removed')
    expect(reflector.get('default/removed')?.metadata.uid).not.toBe(uid)
  })
})
