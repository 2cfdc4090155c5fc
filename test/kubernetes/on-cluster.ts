import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { Agent, fetch } from 'undici'
import { afterAll, beforeAll, describe, inject } from 'vitest'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import type { ClusterAddress } from './global.ts'
import { type Kubectl, kubectlWith } from './kubectl.ts'
import { inNetwork, type Network } from './network.ts'
import type { Missing } from './tiers.ts'

/** A namespace of its own in the cluster of the test run. The custom resource definitions are there. */
export interface TestCluster {
  /** Of an administrator. */
  kubeconfig: string
  namespace: string
  /** kubectl in the namespace. */
  kubectl: Kubectl
  /** Applies manifests in the namespace; the API server refuses unknown fields. */
  apply(...manifests: object[]): Promise<void>
}

/** A cluster whose pods run, with the project's image as `PROJECT_IMAGE` (image.ts). */
export interface TestNode extends TestCluster {
  network: Network
  /** The command that runs a command where pods and Services are, as `['engageops', 'operator']`. */
  inNetwork(command: readonly string[]): string[]
}

/** Tests against the cluster of the test run. Where there can be none they are skipped, and say why. */
export function describeOnCluster(name: string, tests: (cluster: () => TestCluster) => void): void {
  describeOn('cluster', name, () => openNamespace('/'), closeNamespace, tests)
}

/** Tests that need pods to run. */
export function describeOnNode(name: string, tests: (cluster: () => TestNode) => void): void {
  const open = async () => {
    const opened = await openNamespace('/node')
    const { network } = opened
    if (network === undefined) throw new Error('a node is in a network of its own')
    return { ...opened, network, inNetwork: (command: readonly string[]) => inNetwork(network, command) }
  }
  describeOn('node', name, open, closeNamespace, tests)
}

/** Tests that stop or break the API server or etcd: on a control plane that no other file uses. */
export function describeOnControlPlane(name: string, tests: (controlPlane: () => ControlPlane) => void): void {
  const crds = path.join(import.meta.dirname, '../../crds')
  describeOn(
    'controlPlane',
    name,
    () => startControlPlane({ crds }),
    ({ stop }) => stop(),
    tests,
  )
}

/** Long enough for the very first run, which builds Kubernetes. */
const STARTED = 20 * 60_000

function describeOn<T>(
  tier: keyof Missing,
  name: string,
  open: () => Promise<T>,
  close: (opened: T) => Promise<unknown>,
  tests: (opened: () => T) => void,
): void {
  const missing = inject('kubernetes').missing[tier]
  const isSkipped = missing !== undefined && process.env.ENGAGEOPS_CI_REQUIRE_ALL === undefined
  describe.skipIf(isSkipped)(isSkipped ? `${name} (skipped: ${missing})` : name, () => {
    let opened: T | undefined
    beforeAll(async () => {
      if (missing !== undefined) throw new Error(missing)
      opened = await open()
    }, STARTED)
    afterAll(async () => opened !== undefined && (await close(opened)))
    tests(() => {
      if (opened === undefined) throw new Error('ask for the cluster in a test or a hook')
      return opened
    })
  })
}

async function openNamespace(part: '/' | '/node') {
  const dispatcher = new Agent({ headersTimeout: STARTED })
  const response = await fetch(new URL(part, inject('kubernetes').starter), { dispatcher })
  if (!response.ok) throw new Error(`Kubernetes did not start: ${await response.text()}`)
  const { kubeconfig, kubectl: program, network } = (await response.json()) as ClusterAddress
  const namespace = `test-${randomBytes(4).toString('hex')}`
  const kubectl = kubectlWith(program, kubeconfig, namespace)
  await kubectl(['create', 'namespace', namespace])
  const apply = async (...items: object[]) => {
    const list = { apiVersion: 'v1', kind: 'List', items }
    await kubectl(['apply', '--server-side', '--validate=strict', '--filename=-'], JSON.stringify(list))
  }
  return { kubeconfig, namespace, kubectl, apply, network }
}

async function closeNamespace({ kubectl, namespace }: TestCluster): Promise<void> {
  await kubectl(['delete', 'namespace', namespace, '--wait=false'])
}
