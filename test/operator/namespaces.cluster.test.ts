import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { renderChart } from '../../scripts/helm.ts'
import { JOBS, SYNC_REQUESTED } from '../../src/operator/resource-types.ts'
import { HELM_TIMEOUT, type Manifest, manifestsIn } from '../chart/render.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { describeOnCluster } from '../kubernetes/on-cluster.ts'
import { Fleet } from './fleet.ts'
import { activation, destination, space } from './manifests.ts'
import { RunningOperator, sum } from './running-operator.ts'
import { WatchedDatabase } from './watched-database.ts'

/** With the rights of the chart, and no others. */
describeOnCluster('an operator of two namespaces', (cluster) => {
  let other: string
  let folder: string
  let database: WatchedDatabase
  let fleet: Fleet
  let others: Fleet
  let operator: RunningOperator
  /** What the chart makes in the other namespace. */
  let rights: Manifest[]

  beforeAll(async () => {
    const { kubeconfig, namespace, kubectl, apply } = cluster()
    other = `${namespace}-other`
    await kubectl(['create', 'namespace', other])
    database = await WatchedDatabase.create()
    fleet = new Fleet(kubeconfig, namespace)
    others = new Fleet(kubeconfig, other)
    await fleet.connect(database, ['first'])
    await others.putSecret(database.password)
    await others.apply(destination(other, database.address), space(other, 'theirs'))
    await others.apply(activation(other, 'second', { spaceRef: { name: 'theirs' } }))

    const chart = await renderChart(
      'engageops',
      namespace,
      '--set=crds.install=false',
      '--set=rbac.userRoles=false',
      `--set-json=scope.namespaces=${JSON.stringify([namespace, other])}`,
    )
    const manifests = manifestsIn(chart).filter(({ kind }) => kind === 'ServiceAccount' || kind.startsWith('Role'))
    rights = manifests.filter(({ metadata }) => metadata.namespace === other)
    await apply(...manifests.filter(({ metadata }) => metadata.namespace === namespace))
    folder = await mkdtemp(path.join(tmpdir(), 'engageops-namespaces-'))
    operator = await RunningOperator.start({
      namespace,
      watch: [namespace, other],
      kubeconfig: await kubeconfigWith((await kubectl(['create', 'token', 'engageops'])).trim()),
    })
  }, HELM_TIMEOUT)
  afterAll(async () => {
    await operator?.[Symbol.asyncDispose]()
    await others?.[Symbol.asyncDispose]()
    await fleet?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
    await cluster().kubectl(['delete', 'namespace', other, '--wait=false'])
    await rm(folder, { recursive: true, force: true })
  })

  /** The cluster's kubeconfig, which is written as JSON, for another user. */
  const kubeconfigWith = async (token: string): Promise<string> => {
    const config: object = JSON.parse(await readFile(cluster().kubeconfig, 'utf8'))
    const context = { cluster: 'test', user: 'operator' }
    const file = path.join(folder, 'kubeconfig')
    await writeFile(
      file,
      JSON.stringify({
        ...config,
        'current-context': 'operator',
        users: [{ name: 'operator', user: { token } }],
        contexts: [{ name: 'operator', context }],
      }),
      { mode: 0o600 },
    )
    return file
  }
  const applyTo = async (namespace: string, manifests: readonly object[]) => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests })
    await cluster().kubectl(
      ['apply', '--server-side', '--force-conflicts', `--namespace=${namespace}`, '--filename=-'],
      list,
    )
  }
  const unseen = async () => sum(await operator.metrics(), 'engageops_unseen_namespaces', `namespace="${other}"`)

  test('leaves the one out that it has no right in, says so, and works in the other', async () => {
    await fleet.allReady('Activation')
    expect(await operator.says('namespace is left out until it can be listed')).toMatchObject({
      namespace: other,
      kinds: ['WarehouseDestination', 'EngageSpace', 'Activation', 'CronJob', 'ConfigMap', 'Job'],
      error: expect.stringContaining('403 Forbidden'),
    })
    expect(await operator.health('readyz')).toBe(200)
    expect(await unseen()).toBe(1)
  })

  test('starts a sync that is asked for', async () => {
    await fleet.annotate('EngageSpace', 'main', { [SYNC_REQUESTED]: 'first' })
    await eventually('the request in the status', 30, async () => {
      const { status } = await fleet.get('EngageSpace', 'main')
      return status?.lastHandledSyncRequest === 'first'
    })
    const { items } = await fleet.client.list(JOBS, { namespace: fleet.namespace })
    expect(items.map(({ metadata }) => metadata.ownerReferences)).toMatchObject([[{ kind: 'CronJob' }]])
  })

  test('decides nothing of one that it sees in part, and works there once it sees all', async () => {
    // A resource that is not there, in place of one that is.
    await applyTo(other, JSON.parse(JSON.stringify(rights).replaceAll('"activations"', '"nothing"')))
    for (const of of ['WarehouseDestination', 'EngageSpace', 'CronJob', 'ConfigMap', 'Job']) {
      await eventually(`a list of ${of}`, 60, async () =>
        operator.lines.some((line) => line.msg === 'listed' && line.of === of && line.namespace === other),
      )
    }
    await operator.isIdle()
    // As the definitions have it of what nobody has looked at.
    const unobserved = { observedGeneration: -1 }
    expect((await others.get('EngageSpace', 'theirs')).status).toEqual(unobserved)
    expect((await others.get('WarehouseDestination', 'warehouse')).status).toEqual(unobserved)
    expect(await unseen()).toBe(1)

    await applyTo(other, rights)
    await others.allReady('Activation')
    await operator.says('namespace can be listed now')
    expect(await unseen()).toBe(0)
    expect(await database.tables()).toEqual(expect.arrayContaining(['main.first', 'theirs.second']))
  })
})
