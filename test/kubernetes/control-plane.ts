import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { Agent, request } from 'undici'
import { buildProcesses } from './build.ts'
import { eventually } from './eventually.ts'
import { type Kubectl, kubectlWith } from './kubectl.ts'
import { inNetwork, makeNetwork, type Network } from './network.ts'
import { failIfEnded, killProcess, makeRunFolder, removeRun, startProcess } from './run-folder.ts'

/** etcd, the API server (RBAC on) and all controllers: a Kubernetes without nodes, whose pods stay Pending. */
export interface ControlPlane {
  /** File of an administrator, who may do everything. */
  kubeconfig: string
  kubectl: Kubectl
  /** The folder of the processes, kubectl among them. */
  processes: string
  /** Folder of its state and logs. */
  run: string
  network?: Network
  /** Kills the API server, waits for a new one at the same address. Watches end. */
  restartApiServer(): Promise<void>
  /** Kills the API server; `restartApiServer` brings it back. */
  killApiServer(): Promise<void>
  /** Forgets all old revisions: a watch that goes on from one is told 410 (Gone) once the API server has restarted too. */
  compact(): Promise<void>
  /** Ends everything, nodes too, and removes all state. */
  stop(): Promise<void>
}

export interface ControlPlaneOptions {
  /**
   * Folder of resource definitions. Those that are there before the controllers start are known to the garbage collector
   * at once; others up to 30 seconds later.
   */
  crds?: string
  /** In a network namespace, as a node needs it (root), or on loopback. Default: loopback. */
  ownNetwork?: boolean
}

const USERS = {
  admin: 'system:masters',
  'system:kube-controller-manager': '',
  'system:kube-scheduler': '',
  'system:kube-proxy': '',
  'system:node:node': 'system:nodes',
  // CoreDNS reads Services, EndpointSlices and namespaces.
  coredns: 'system:masters',
}

export type User = keyof typeof USERS

/** Starts a control plane of its own; the first one ever waits for the build of the processes. */
export async function startControlPlane({ crds, ownNetwork }: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const processes = await buildProcesses()
  const run = await makeRunFolder()
  try {
    return await start(run, processes, crds, ownNetwork ? makeNetwork(run) : undefined)
  } catch (error) {
    await removeRun(run)
    throw error
  }
}

async function start(run: string, processes: string, crds: string | undefined, network: Network | undefined) {
  const address = network?.node ?? '127.0.0.1'
  const launch = async (name: string, ...flags: string[]) => {
    const command = [path.join(processes, name), ...flags]
    await startProcess(run, name, network ? inNetwork(network, command) : command)
  }
  const [clients, peers, api] = await freePorts(3)
  const etcd = `http://${address}:${clients}`
  await launch(
    'etcd',
    `--data-dir=${run}/etcd`,
    '--unsafe-no-fsync',
    '--log-level=error',
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=http://${address}:${peers}`,
    `--initial-advertise-peer-urls=http://${address}:${peers}`,
    `--initial-cluster=default=http://${address}:${peers}`,
  )

  const tokens = await writeSecrets(run)
  const server = `https://${address}:${api}`
  const startApiServer = async () => {
    await launch(
      'kube-apiserver',
      `--etcd-servers=${etcd}`,
      `--bind-address=${address}`,
      `--advertise-address=${address}`,
      `--secure-port=${api}`,
      `--cert-dir=${run}/api`,
      `--service-cluster-ip-range=${network?.services ?? '10.96.0.0/24'}`,
      `--token-auth-file=${run}/tokens.csv`,
      '--authorization-mode=Node,RBAC',
      // As in OpenShift: who says that an object blocks the deletion of its owner needs a right for that.
      '--enable-admission-plugins=OwnerReferencesPermissionEnforcement',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${run}/service-accounts.key`,
      `--service-account-signing-key-file=${run}/service-accounts.key`,
      '--kubelet-preferred-address-types=InternalIP',
    )
    await eventually(
      'a ready API server',
      60,
      async () => (await status(`${server}/readyz`)) === 200,
      () => failIfEnded(run, 'kube-apiserver'),
    )
  }
  await startApiServer()
  const certificate = await readFile(path.join(run, 'api/apiserver.crt'))
  for (const [user, token] of tokens) await writeKubeconfig(kubeconfigOf(run, user), server, certificate, token)
  const kubeconfig = kubeconfigOf(run, 'admin')
  const kubectl = kubectlWith(path.join(processes, 'kubectl'), kubeconfig)
  if (crds !== undefined) await applyCrds(kubectl, crds)

  await launch(
    'kube-controller-manager',
    `--kubeconfig=${kubeconfigOf(run, 'system:kube-controller-manager')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--use-service-account-credentials',
    // The default of 20 requests a second makes the start of all controllers take 5 seconds.
    '--kube-api-qps=1000',
    '--kube-api-burst=1000',
    `--service-account-private-key-file=${run}/service-accounts.key`,
    `--root-ca-file=${run}/api/apiserver.crt`,
  )
  await eventually(
    'a service account, which the controllers make',
    30,
    () => kubectl(['get', 'serviceaccount', 'default']),
    () => failIfEnded(run, 'kube-controller-manager'),
  )

  return {
    kubeconfig,
    kubectl,
    processes,
    run,
    ...(network && { network }),
    killApiServer: () => killProcess(run, 'kube-apiserver'),
    async restartApiServer() {
      await killProcess(run, 'kube-apiserver')
      await startApiServer()
    },
    compact: () => compact(etcd),
    stop: () => removeRun(run),
  }
}

/** Applies definitions and waits until the API server serves their kinds. */
export async function applyCrds(kubectl: Kubectl, crds: string): Promise<void> {
  await kubectl(['apply', '--server-side', '--force-conflicts', '--filename', crds])
  // Asked again, because `kubectl wait` fails at once on a definition that has no condition yet.
  await eventually('established resource definitions', 30, () =>
    kubectl(['wait', '--for=condition=Established', '--timeout=10s', '--filename', crds]),
  )
}

export function kubeconfigOf(run: string, user: User): string {
  return path.join(run, `${user.replaceAll(':', '-')}.kubeconfig`)
}

/** The key of service account tokens, and a token for each user. */
async function writeSecrets(run: string): Promise<Map<User, string>> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'sec1', format: 'pem' })
  await writeFile(path.join(run, 'service-accounts.key'), pem, { mode: 0o600 })
  const users = Object.keys(USERS) as User[]
  const tokens = new Map(users.map((user) => [user, randomUUID()]))
  const lines = users.map((user) => [tokens.get(user), user, user, USERS[user]].filter(Boolean).join(','))
  await writeFile(path.join(run, 'tokens.csv'), `${lines.join('\n')}\n`, { mode: 0o600 })
  await mkdir(path.join(run, 'api'))
  return tokens
}

/** A kubeconfig is YAML, and so may be JSON. */
async function writeKubeconfig(file: string, server: string, certificate: Buffer, token: string): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': certificate.toString('base64') } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  }
  await writeFile(file, JSON.stringify(config), { mode: 0o600 })
}

const anyCertificate = new Agent({ connect: { rejectUnauthorized: false } })

async function status(url: string): Promise<number> {
  const { statusCode, body } = await request(url, { dispatcher: anyCertificate })
  await body.dump()
  return statusCode
}

/** Speaks to etcd as JSON over HTTP, which its gateway takes. */
async function compact(etcd: string): Promise<void> {
  const call = async (method: string, message: object): Promise<{ header: { revision: string } }> => {
    const response = await fetch(`${etcd}/v3/kv/${method}`, { method: 'POST', body: JSON.stringify(message) })
    if (!response.ok) throw new Error(`etcd ${method}: ${await response.text()}`)
    return (await response.json()) as { header: { revision: string } }
  }
  const { header } = await call('range', { key: Buffer.from('/').toString('base64') })
  await call('compaction', { revision: header.revision, physical: true })
}

export async function freePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  const ports = []
  for (const probe of probes) {
    if (!probe.listening) await once(probe, 'listening')
    const address = probe.address()
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
    ports.push(address.port)
  }
  for (const probe of probes) {
    probe.close()
    await once(probe, 'close')
  }
  return ports
}
