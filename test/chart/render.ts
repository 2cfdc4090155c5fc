import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import { hasGo } from '../../scripts/go-tool.ts'
import { renderChart } from '../../scripts/helm.ts'

/** Whether the chart can be rendered: with the user's own helm, or with one built from its Go module. */
export const hasHelm = process.env.HELM !== undefined || hasGo()

/** The first render may have to build helm, which takes minutes, on a machine that builds other things too. */
export const HELM_TIMEOUT = 20 * 60_000

export interface Manifest {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
  [field: string]: unknown
}

/** Values that use every option. */
export const ALL_ON = {
  image: { repository: 'registry.example.com/engageops', digest: `sha256:${'0'.repeat(64)}`, pullPolicy: 'Always' },
  imagePullSecrets: [{ name: 'registry' }],
  sync: { image: 'registry.example.com/engageops:next' },
  replicas: 3,
  workers: 16,
  logLevel: 'debug',
  scope: { selector: 'shard=a,tier in (x, y)' },
  secrets: { watch: true },
  crds: { annotations: { 'argocd.argoproj.io/sync-wave': '-2' } },
  serviceAccount: { name: 'operator', annotations: { 'example.com/role': 'engageops' } },
  metrics: {
    port: 9090,
    service: { annotations: { 'example.com/scrape': 'true' } },
    serviceMonitor: { enabled: true, interval: '15s', labels: { release: 'prometheus' } },
  },
  health: { port: 9091 },
  podLabels: { team: 'data' },
  podAnnotations: { 'example.com/note': 'x' },
  priorityClassName: 'system-cluster-critical',
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] }] }],
      },
    },
  },
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'topology.kubernetes.io/zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { 'app.kubernetes.io/component': 'operator' } },
    },
  ],
  terminationGracePeriodSeconds: 60,
  podDisruptionBudget: { maxUnavailable: '50%' },
  networkPolicy: {
    enabled: true,
    egressPorts: [443],
    extraEgress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
    metricsFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
  },
  extraArgs: ['--log-level=trace'],
  extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.com' }],
  extraVolumes: [{ name: 'ca', configMap: { name: 'ca' } }],
  extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/ca', readOnly: true }],
  extraObjects: [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'of-{{ .Release.Name }}' } },
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: text-of-{{ .Release.Name }}\n',
  ],
}

/** What `helm template` says for these values, as text. Throws where helm refuses them. */
export async function renderText(values: object = {}): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'engageops-chart-'))
  try {
    const file = path.join(folder, 'values.json')
    writeFileSync(file, JSON.stringify(values))
    return await renderChart('engageops', 'engageops-system', `--values=${file}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The same as objects. */
export const render = async (values: object = {}): Promise<Manifest[]> => manifestsIn(await renderText(values))

export const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).flatMap((document) => {
    const manifest: Manifest | null = document.toJS()
    return manifest === null ? [] : [manifest]
  })

/** The one object of a kind, or of a kind and a name. */
export function one(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter((manifest) => {
    return manifest.kind === kind && (name === undefined || manifest.metadata.name === name)
  })
  const [only] = found
  if (!only || found.length > 1) throw new Error(`there are ${found.length} ${kind} ${name ?? ''}, not one`)
  return only
}
