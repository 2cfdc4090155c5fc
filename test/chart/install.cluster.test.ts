import { expect, test } from 'vitest'
import { renderChart } from '../../scripts/helm.ts'
import { describeOnCluster, type TestCluster } from '../kubernetes/on-cluster.ts'
import { OWN, type Permissions, WATCHED } from './permissions.ts'
import { ALL_ON, HELM_TIMEOUT, type Manifest, manifestsIn } from './render.ts'

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']

/** What nobody gave the operator any right to. */
const OTHERS = [
  '/namespaces',
  '/nodes',
  '/pods/exec',
  '/pods/log',
  '/events',
  '/serviceaccounts',
  '/serviceaccounts/token',
  '/persistentvolumeclaims',
  'apps/deployments',
  'batch/cronjobs/finalizers',
  'batch/cronjobs/status',
  'batch/jobs/status',
  'engageops.dev/activations/finalizers',
  'engageops.dev/warehousedestinations/finalizers',
  'apiextensions.k8s.io/customresourcedefinitions',
  'rbac.authorization.k8s.io/roles',
  'rbac.authorization.k8s.io/clusterroles',
  'rbac.authorization.k8s.io/clusterrolebindings',
]

describeOnCluster('the chart in a real cluster', (cluster) => {
  test.each([
    ['by default', {}],
    ['with every option', { ...ALL_ON, metrics: { ...ALL_ON.metrics, serviceMonitor: { enabled: false } } }],
  ])('is taken by the API server %s', { timeout: HELM_TIMEOUT }, async (_name, values) => {
    const { kubectl, namespace } = cluster()
    const text = await helmTemplate(namespace, values)
    const args = [
      'apply',
      '--server-side',
      '--force-conflicts',
      '--dry-run=server',
      '--validate=strict',
      '--output=name',
    ]
    const taken = await kubectl([...args, '--filename=-'], text)
    expect(taken.trim().split('\n')).toHaveLength(manifestsIn(text).length)
  })

  test('gives the operator what it needs in the whole cluster, and nothing else', {
    timeout: HELM_TIMEOUT,
  }, async () => {
    const { kubectl, namespace } = cluster()
    const roles = await applyRoles(cluster(), {})
    try {
      const operator = `${namespace}:${namespace}-engageops`
      expect(await allowed(cluster(), operator, 'default')).toEqual(WATCHED)
      expect(await allowed(cluster(), operator, namespace)).toEqual(both(WATCHED, OWN))
    } finally {
      await kubectl(['delete', ...roles])
    }
  })

  test('gives it nothing outside the namespaces that it watches', { timeout: HELM_TIMEOUT }, async () => {
    const { namespace } = cluster()
    await applyRoles(cluster(), { scope: { namespaces: [namespace] }, rbac: { userRoles: false } })
    const operator = `${namespace}:${namespace}-engageops`
    expect(await allowed(cluster(), operator, 'default')).toEqual({})
    expect(await allowed(cluster(), operator, namespace)).toEqual(both(WATCHED, OWN))
  })

  test('leaves the account of sync pods without any right', async () => {
    const { namespace } = cluster()
    expect(await allowed(cluster(), `${namespace}:default`, namespace)).toEqual({})
  })
})

/** The chart as a release that is named after the namespace of the test. */
function helmTemplate(namespace: string, values: object): Promise<string> {
  const settings = Object.entries(values).map(([key, value]) => `--set-json=${key}=${JSON.stringify(value)}`)
  return renderChart(namespace, namespace, ...settings)
}

/** Applies accounts, roles and bindings; returns those of the whole cluster, as `kind/name`. */
async function applyRoles({ apply, namespace }: TestCluster, values: object): Promise<string[]> {
  const manifests = manifestsIn(await helmTemplate(namespace, { crds: { install: false }, ...values }))
  const roles = manifests.filter(({ kind }) => kind === 'ServiceAccount' || kind.includes('Role'))
  await apply(...roles)
  return roles.filter(isOfCluster).map(({ kind, metadata }) => `${kind}/${metadata.name}`)
}

const isOfCluster = ({ metadata }: Manifest): boolean => metadata.namespace === undefined

/** What the API server lets a service account do in a namespace, of all verbs on all resources that this file knows. */
async function allowed({ kubectl }: TestCluster, account: string, namespace: string): Promise<Permissions> {
  const user = `system:serviceaccount:${account}`
  const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${account.split(':')[0]}`]
  const questions = [...new Set([...Object.keys(both(WATCHED, OWN)), ...OTHERS])].flatMap((resource) =>
    VERBS.map((verb) => ({ resource, verb })),
  )
  const items = questions.map(({ resource, verb }) => ({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, groups, resourceAttributes: { ...attributesOf(resource), namespace, verb } },
  }))
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  const answers = (await kubectl(['create', '--filename=-', '--output=jsonpath={.status.allowed},'], list)).split(',')
  expect(answers).toHaveLength(questions.length + 1)
  const permissions: Record<string, string[]> = {}
  for (const [index, { resource, verb }] of questions.entries()) {
    if (answers[index] === 'true') permissions[resource] = [...(permissions[resource] ?? []), verb]
  }
  return Object.fromEntries(Object.entries(permissions).map(([resource, verbs]) => [resource, verbs.sort().join(' ')]))
}

function attributesOf(key: string) {
  const [group = '', resource = '', subresource = ''] = key.split('/')
  return { group, resource, subresource }
}

/** Permissions of both tables; those of single objects are left out. */
function both(a: Permissions, b: Permissions): Permissions {
  const keys = [...Object.keys(a), ...Object.keys(b)].filter((key) => !key.includes('['))
  const verbsOf = (key: string) => new Set([a[key], b[key]].flatMap((verbs) => verbs?.split(' ') ?? []))
  return Object.fromEntries(keys.map((key) => [key, [...verbsOf(key)].sort().join(' ')]))
}
