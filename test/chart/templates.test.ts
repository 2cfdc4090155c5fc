import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { CHART, helm, renderChart } from '../../scripts/helm.ts'
import { installManifests } from '../../scripts/manifests.ts'
import { KINDS } from '../../src/model/resource.ts'
import { ALL_ON, HELM_TIMEOUT, hasHelm, manifestsIn, one, render } from './render.ts'

const kindsOf = (manifests: readonly { kind: string }[]) => [...new Set(manifests.map(({ kind }) => kind))].sort()

describe.skipIf(!hasHelm)('the chart', { timeout: HELM_TIMEOUT }, () => {
  test('has nothing that helm lint warns of', async () => {
    expect(await helm('lint', '--strict', CHART)).toContain('1 chart(s) linted, 0 chart(s) failed')
  })

  test('installs by default one operator for all namespaces, and nothing that needs another operator', async () => {
    const manifests = await render()
    expect(kindsOf(manifests)).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'CustomResourceDefinition',
      'Deployment',
      'Role',
      'RoleBinding',
      'Service',
      'ServiceAccount',
    ])
    expect(one(manifests, 'Deployment')).toMatchObject({
      metadata: { name: 'engageops', namespace: 'engageops-system' },
      spec: { replicas: 1 },
    })
  })

  test('starts the operator with the flags and the environment that it knows', async () => {
    const container = containerOf(one(await render(), 'Deployment'))
    expect(container).toMatchObject({
      image: 'engageops:0.1.0',
      args: [
        'operator',
        '--sync-image=engageops:0.1.0',
        '--workers=8',
        '--metrics-port=8080',
        '--health-port=8081',
        '--lease-name=engageops-operator',
        '--log-level=info',
      ],
      env: [
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      ],
      ports: [
        { name: 'metrics', containerPort: 8080 },
        { name: 'health', containerPort: 8081 },
      ],
      startupProbe: { httpGet: { path: '/livez', port: 'health' } },
      livenessProbe: { httpGet: { path: '/livez', port: 'health' } },
      readinessProbe: { httpGet: { path: '/readyz', port: 'health' } },
      resources: { limits: { memory: '512Mi' } },
    })
    expect(container).not.toHaveProperty('imagePullPolicy')
  })

  test('fits the restricted Pod Security Standard, with a root file system that is read-only', async () => {
    const pod = podOf(one(await render(), 'Deployment'))
    expect(pod).toMatchObject({
      terminationGracePeriodSeconds: 45,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [{ name: 'tmp', emptyDir: {} }],
      containers: [
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        },
      ],
    })
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod).not.toHaveProperty(field)
  })

  test('spreads several replicas over nodes, and keeps all but one of them through drains', async () => {
    const manifests = await render({ replicas: 2 })
    const { selector, template } = deploymentOf(one(manifests, 'Deployment'))
    expect(one(manifests, 'PodDisruptionBudget')).toMatchObject({ spec: { maxUnavailable: 1, selector } })
    expect(podOf(one(manifests, 'Deployment'))).toMatchObject({
      topologySpreadConstraints: [
        { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: selector },
      ],
    })
    expect(template.metadata.labels).toMatchObject(selector.matchLabels)
  })

  test('uses every option', async () => {
    const manifests = await render(ALL_ON)
    expect(podOf(one(manifests, 'Deployment'))).toMatchObject({
      serviceAccountName: 'operator',
      imagePullSecrets: ALL_ON.imagePullSecrets,
      priorityClassName: ALL_ON.priorityClassName,
      nodeSelector: ALL_ON.nodeSelector,
      tolerations: ALL_ON.tolerations,
      affinity: ALL_ON.affinity,
      topologySpreadConstraints: ALL_ON.topologySpreadConstraints,
      terminationGracePeriodSeconds: 60,
      volumes: [{ name: 'tmp' }, ...ALL_ON.extraVolumes],
    })
    expect(containerOf(one(manifests, 'Deployment'))).toMatchObject({
      image: `registry.example.com/engageops@${ALL_ON.image.digest}`,
      imagePullPolicy: 'Always',
      args: [
        'operator',
        '--sync-image=registry.example.com/engageops:next',
        '--sync-image-pull-policy=Always',
        '--workers=16',
        '--metrics-port=9090',
        '--health-port=9091',
        '--lease-name=engageops-operator',
        '--log-level=debug',
        '--watch-secrets',
        '--selector=shard=a,tier in (x, y)',
        '--log-level=trace',
      ],
      env: [{}, {}, ...ALL_ON.extraEnv],
      volumeMounts: [{ name: 'tmp' }, ...ALL_ON.extraVolumeMounts],
    })
    expect(deploymentOf(one(manifests, 'Deployment')).template.metadata).toMatchObject({
      labels: ALL_ON.podLabels,
      annotations: ALL_ON.podAnnotations,
    })
    expect(one(manifests, 'ServiceAccount')).toMatchObject({
      metadata: { name: 'operator', annotations: ALL_ON.serviceAccount.annotations },
      automountServiceAccountToken: false,
    })
    expect(one(manifests, 'PodDisruptionBudget')).toMatchObject({ spec: { maxUnavailable: '50%' } })
    expect(one(manifests, 'ConfigMap', 'of-engageops')).toBeDefined()
    expect(one(manifests, 'ConfigMap', 'text-of-engageops')).toBeDefined()
  })

  test('lets Prometheus find the metrics', async () => {
    const manifests = await render(ALL_ON)
    const service = one(manifests, 'Service')
    expect(service).toMatchObject({
      metadata: { annotations: ALL_ON.metrics.service.annotations },
      spec: { ports: [{ name: 'metrics', port: 9090, targetPort: 'metrics' }] },
    })
    const monitor = one(manifests, 'ServiceMonitor')
    expect(monitor).toMatchObject({
      metadata: { labels: { release: 'prometheus' } },
      spec: { endpoints: [{ port: 'metrics', path: '/metrics', interval: '15s' }] },
    })
    const { selector } = specOf(monitor) as { selector: { matchLabels: object } }
    expect(service.metadata.labels).toMatchObject(selector.matchLabels)
    await expect(
      render({ metrics: { service: { enabled: false }, serviceMonitor: { enabled: true } } }),
    ).rejects.toThrow('set metrics.service.enabled to true')
  })

  test('closes the network but for its two ports, DNS and what the values name', async () => {
    expect(one(await render(ALL_ON), 'NetworkPolicy')).toMatchObject({
      spec: {
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          { ports: [{ port: 'health' }] },
          { ports: [{ port: 'metrics' }], from: ALL_ON.networkPolicy.metricsFrom },
        ],
        egress: [
          {
            ports: [
              { port: 53, protocol: 'UDP' },
              { port: 53, protocol: 'TCP' },
            ],
          },
          { ports: [{ port: 443, protocol: 'TCP' }] },
          ...ALL_ON.networkPolicy.extraEgress,
        ],
      },
    })
    const [, metrics] = (
      specOf(one(await render({ networkPolicy: { enabled: true } }), 'NetworkPolicy')) as { ingress: [object, object] }
    ).ingress
    expect(metrics).not.toHaveProperty('from')
  })

  test('watches the namespaces that it is given', async () => {
    const { args } = containerOf(one(await render({ scope: { namespaces: ['team-a', 'team-b'] } }), 'Deployment'))
    expect(args).toContain('--watch-namespaces=team-a,team-b')
  })

  test('keeps the definitions when it goes, unless told otherwise', async () => {
    const definitions = async (values: object) =>
      (await render(values)).filter(({ kind }) => kind === 'CustomResourceDefinition').map(({ metadata }) => metadata)
    const kept = await definitions({})
    expect(kept).toHaveLength(KINDS.length)
    for (const { annotations } of kept) expect(annotations).toEqual({ 'helm.sh/resource-policy': 'keep' })
    for (const { annotations } of await definitions(ALL_ON)) {
      expect(annotations).toEqual({ 'helm.sh/resource-policy': 'keep', ...ALL_ON.crds.annotations })
    }
    for (const metadata of await definitions({ crds: { keep: false } })) {
      expect(metadata).not.toHaveProperty('annotations')
    }
    expect(await definitions({ crds: { install: false } })).toEqual([])
  })

  test('keeps names that look like other types as text', async () => {
    const names = ['123', 'no', '1e3']
    for (const name of names) {
      const values = {
        fullnameOverride: name,
        nameOverride: name,
        serviceAccount: { name },
        priorityClassName: name,
        scope: { namespaces: names },
      }
      const settings = Object.entries(values).map(([key, value]) => `--set-json=${key}=${JSON.stringify(value)}`)
      const text = await renderChart(
        name,
        name,
        '--set=crds.install=false',
        '--set=networkPolicy.enabled=true',
        ...settings,
      )
      // As helm and kubectl read it.
      for (const document of parseAllDocuments(text, { version: '1.1' })) {
        expect(wrongNames(document.toJS()), text).toEqual([])
      }
      const manifests = manifestsIn(text)
      expect(podOf(one(manifests, 'Deployment'))).toMatchObject({ serviceAccountName: name, priorityClassName: name })
      expect(manifests.filter(({ kind }) => kind === 'Role').map(({ metadata }) => metadata.namespace)).toEqual([
        name,
        ...names,
      ])
    }
  })

  test('gives each release a Lease of its own', async () => {
    const manifests = manifestsIn(await renderChart('blue', 'default'))
    expect(containerOf(one(manifests, 'Deployment')).args).toContain('--lease-name=blue-engageops-operator')
  })

  test('names everything after the release', async () => {
    const names = async (release: string, ...args: string[]) => {
      const text = await renderChart(release, 'default', '--set=crds.install=false', ...args)
      return manifestsIn(text).map(({ metadata }) => metadata.name)
    }
    for (const name of await names('blue')) expect(name).toMatch(/^blue-engageops(-|$)/)
    for (const name of await names('engageops-blue')) expect(name).toMatch(/^engageops-blue(-|$)/)
    for (const name of await names('x', '--set=fullnameOverride=y')) expect(name).toMatch(/^y(-|$)/)
  })
})

describe.skipIf(!hasHelm)('npm run manifests', { timeout: HELM_TIMEOUT }, () => {
  test('writes the same objects with their namespace, and no sign of helm', async () => {
    const text = await installManifests('--set=replicas=2')
    const [namespace, ...rest] = manifestsIn(text)
    expect(namespace).toMatchObject({ kind: 'Namespace', metadata: { name: 'engageops-system' } })
    expect(text).not.toMatch(/helm\.sh|: Helm/)
    const rendered = await render({ replicas: 2 })
    expect(rest.map(({ kind, metadata }) => [kind, metadata.name, metadata.namespace])).toEqual(
      rendered.map(({ kind, metadata }) => [kind, metadata.name, metadata.namespace]),
    )
  })
})

/** Fields that hold names, and labels, with something that is not text. */
function wrongNames(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, below]) => {
    const isText = /(^name|Name|^namespace)$/.test(key) || /(labels|matchLabels)$/i.test(path)
    const here = `${path}.${key}`
    return isText && typeof below !== 'string' ? [here] : wrongNames(below, here)
  })
}

const specOf = (manifest: { [field: string]: unknown }) => manifest.spec

interface DeploymentSpec {
  selector: { matchLabels: Record<string, string> }
  template: { metadata: { labels: Record<string, string> }; spec: { containers: { args: string[] }[] } }
}

const deploymentOf = (manifest: { [field: string]: unknown }) => manifest.spec as DeploymentSpec

const podOf = (manifest: { [field: string]: unknown }) => deploymentOf(manifest).template.spec

function containerOf(manifest: { [field: string]: unknown }) {
  const [container, ...others] = podOf(manifest).containers
  if (!container || others.length > 0) throw new Error('the pod has not one container')
  return container
}
