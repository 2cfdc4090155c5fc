import { afterAll, beforeAll, expect, test } from 'vitest'
import { KINDS, type Kind } from '../../src/model/resource.ts'
import { describeOnCluster } from '../kubernetes/on-cluster.ts'
import { Fleet, type Found } from './fleet.ts'
import { kstatus } from './kstatus.ts'
import { activation } from './manifests.ts'
import { RunningOperator } from './running-operator.ts'
import { WatchedDatabase } from './watched-database.ts'

/** What waits for resources without knowing their kinds: `kubectl wait`, and Flux, by kstatus. */
describeOnCluster('kstatus and kubectl wait', (cluster) => {
  let database: WatchedDatabase
  let fleet: Fleet
  let operator: RunningOperator

  beforeAll(async () => {
    const { kubeconfig, namespace } = cluster()
    database = await WatchedDatabase.create()
    fleet = new Fleet(kubeconfig, namespace)
    await fleet.connect(database, ['carts'])
  }, 600_000)

  afterAll(async () => {
    await operator?.[Symbol.asyncDispose]()
    await fleet?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  const all = async (): Promise<Found[]> => (await Promise.all(KINDS.map((kind) => fleet.all(kind)))).flat()

  const verdicts = async () => {
    const found = await all()
    return Object.fromEntries(
      (await kstatus(found)).map(({ status }, index) => [
        `${found[index]?.kind}/${found[index]?.metadata.name}`,
        status,
      ]),
    )
  }
  const verdictOf = async (kind: Kind, name: string) => (await kstatus([await fleet.get(kind, name)]))[0]

  test('nothing is ready before an operator has seen it', async () => {
    expect(await verdicts()).toEqual({
      'WarehouseDestination/warehouse': 'InProgress',
      'EngageSpace/main': 'InProgress',
      'Activation/carts': 'InProgress',
    })
  })

  test('kubectl wait sees all kinds become ready, and then they are current', async () => {
    const { kubeconfig, namespace, kubectl } = cluster()
    operator = await RunningOperator.start({ kubeconfig, namespace })
    const waits = KINDS.map((kind) => ['wait', kind.toLowerCase(), '--all', '--for=condition=Ready', '--timeout=60s'])
    for (const output of await Promise.all(waits.map((args) => kubectl(args))))
      expect(output).toContain('condition met')
    expect(new Set(Object.values(await verdicts()))).toEqual(new Set(['Current']))
  })

  test('an edit is in progress until it has been seen', async () => {
    operator.send('SIGSTOP')
    await fleet.apply(activation(fleet.namespace, 'carts', { sync: { backfill: 'None' } }))
    expect(await verdictOf('Activation', 'carts')).toMatchObject({ status: 'InProgress' })
    operator.send('SIGCONT')
    await fleet.hasReady('Activation', 'carts', 'True Ready')
    expect(await verdictOf('Activation', 'carts')).toMatchObject({ status: 'Current' })
  })

  test('what may heal by itself is in progress', async () => {
    await fleet.apply(activation(fleet.namespace, 'waiting', { spaceRef: { name: 'later' } }))
    await fleet.hasReady('Activation', 'waiting', 'False SpaceNotFound')
    expect(await verdictOf('Activation', 'waiting')).toMatchObject({ status: 'InProgress' })
  })

  test('what a person must mend has failed', async () => {
    await fleet.apply(activation(fleet.namespace, 'wrong', { computation: { audience: 'shoppers' } }))
    await fleet.hasReady('Activation', 'wrong', 'False TriggerMismatch')
    expect(await verdictOf('Activation', 'wrong')).toMatchObject({
      status: 'Failed',
      message: expect.stringContaining('is a Profile audience'),
    })
  })

  test('what is suspended is not current', async () => {
    await fleet.apply(activation(fleet.namespace, 'resting', { suspend: true }))
    await fleet.hasReady('Activation', 'resting', 'False Suspended')
    expect(await verdictOf('Activation', 'resting')).toMatchObject({ status: 'InProgress' })
  })

  test('conditions agree with each other, and are of the generation that the status is of', async () => {
    for (const { kind, metadata, status } of await all()) {
      const holds = (type: string) => status?.conditions?.find((it) => it.type === type)?.status === 'True'
      const name = `${kind}/${metadata.name}`
      expect(status?.observedGeneration, name).toBe(metadata.generation)
      expect(new Set(status?.conditions?.map((it) => it.observedGeneration)), name).toEqual(
        new Set([metadata.generation]),
      )
      const [ready, reconciling, stalled] = [holds('Ready'), holds('Reconciling'), holds('Stalled')]
      expect([ready, reconciling, stalled].filter(Boolean).length, name).toBe(metadata.name === 'resting' ? 0 : 1)
    }
  })

  test('what cannot be deleted yet is terminating', async () => {
    await fleet.apply(activation(fleet.namespace, 'carts', { sync: { backfill: 'None' }, deletionPolicy: 'Delete' }))
    await fleet.hasReady('Activation', 'carts', 'True Ready')
    operator.send('SIGSTOP')
    await fleet.delete('Activation', 'carts')
    expect(await verdictOf('Activation', 'carts')).toMatchObject({ status: 'Terminating' })
    operator.send('SIGCONT')
    await cluster().kubectl(['wait', 'activation/carts', '--for=delete', '--timeout=60s'])
  })
})
