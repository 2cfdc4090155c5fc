import { execFile } from 'node:child_process'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { goTool } from '../../scripts/go-tool.ts'
import { applyCrds, type ControlPlane, freePorts } from '../kubernetes/control-plane.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { failIfEnded, startProcess } from '../kubernetes/run-folder.ts'

const run = promisify(execFile)

/** Namespace of Argo CD, as everywhere. */
export const ARGOCD = 'argocd'

const partOf = { 'app.kubernetes.io/part-of': 'argocd' }

/** What an installation has besides its processes. */
const INSTALLATION = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ARGOCD } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', labels: partOf } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-rbac-cm', labels: partOf } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'argocd-secret', labels: partOf } },
  {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'default' },
    spec: {
      sourceRepos: ['*'],
      destinations: [{ namespace: '*', server: '*' }],
      clusterResourceWhitelist: [{ group: '*', kind: '*' }],
    },
  },
]

/**
 * Starts what of Argo CD syncs and judges Applications: repo-server, application-controller, and a Redis between them. They
 * end with the control plane. The first start ever builds them, which takes minutes.
 */
export async function startArgocd({ run: folder, kubeconfig, kubectl }: ControlPlane): Promise<void> {
  const binary = path.join(folder, 'argocd')
  await symlink(await goTool('argocd'), binary)
  const crds = path.join(folder, 'argocd-crds')
  const sources = path.join(await moduleFolder(), 'manifests/crds')
  for (const name of ['application-crd.yaml', 'appproject-crd.yaml'])
    await cp(path.join(sources, name), path.join(crds, name))
  await applyCrds(kubectl, crds)
  const list = { apiVersion: 'v1', kind: 'List', items: INSTALLATION }
  await kubectl(['apply', `--namespace=${ARGOCD}`, '--server-side', '--filename=-'], JSON.stringify(list))

  const home = path.join(folder, 'argocd-home')
  await mkdir(home)
  await writeFile(path.join(home, 'ssh_known_hosts'), '')
  const environment = {
    HOME: home,
    TMPDIR: home,
    KUBECONFIG: kubeconfig,
    // The cluster of an Application is the one that Argo CD runs in; here, the one of KUBECONFIG.
    ARGOCD_FAKE_IN_CLUSTER: 'true',
    ARGOCD_GPG_ENABLED: 'false',
    // Two seconds between waves otherwise.
    ARGOCD_SYNC_WAVE_DELAY: '0',
    ARGOCD_SSH_DATA_PATH: home,
    ARGOCD_TLS_DATA_PATH: home,
    ARGOCD_ASK_PASS_SOCK: path.join(home, 'askpass.sock'),
  }
  const launch = (name: string, ...args: string[]) =>
    startProcess(folder, `argocd-${name}`, [binary, name, ...args], environment)

  const [redis, repoServer, repoMetrics, controllerMetrics] = await freePorts(4)
  await launch('redis', `127.0.0.1:${redis}`)
  await launch(
    'repo-server',
    '--address=127.0.0.1',
    `--port=${repoServer}`,
    '--metrics-address=127.0.0.1',
    `--metrics-port=${repoMetrics}`,
    '--disable-tls',
    `--redis=127.0.0.1:${redis}`,
  )
  await launch(
    'application-controller',
    `--namespace=${ARGOCD}`,
    `--kubeconfig=${kubeconfig}`,
    `--repo-server=127.0.0.1:${repoServer}`,
    '--repo-server-plaintext',
    `--redis=127.0.0.1:${redis}`,
    `--metrics-port=${controllerMetrics}`,
    // The health of each resource then stands in the Application, where the tests read it.
    '--persist-resource-health',
  )
  await eventually(
    'an application-controller that is ready',
    60,
    async () => (await fetch(`http://127.0.0.1:${controllerMetrics}/healthz`)).ok,
    () =>
      ['argocd-redis', 'argocd-repo-server', 'argocd-application-controller'].map((name) => failIfEnded(folder, name)),
  )
}

/** Where Go keeps the sources of the Argo CD that test/tools/argocd pins; its resource definitions are there. */
async function moduleFolder(): Promise<string> {
  const tool = path.join(import.meta.dirname, '../tools/argocd')
  const { stdout } = await run('go', ['mod', 'download', '-json', 'github.com/argoproj/argo-cd/v3'], { cwd: tool })
  return JSON.parse(stdout).Dir
}
