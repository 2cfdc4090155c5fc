import { KubeConfig } from '@kubernetes/client-node'
import { type ClusterAccess, CREDENTIALS_TTL_MS, type Credentials, type TlsOptions } from './access.ts'
import { cached } from './cached.ts'
import { type ExecCredential, execCredential, execPlugin } from './exec-credential.ts'

/**
 * The access that a kubeconfig gives. The file is read again every minute and after a refusal, so that renewed
 * certificates and tokens are taken up. `load` is for tests and for files in unusual places.
 */
export function kubeConfigAccess(load: () => KubeConfig = loadDefault): ClusterAccess {
  const first = load()
  const cluster = first.getCurrentCluster()
  if (cluster === null) {
    throw new Error(
      `the kubeconfig's current context ("${first.getCurrentContext() ?? ''}") names no cluster: choose one with kubectl config use-context`,
    )
  }
  const plugin = execPlugin(first.getCurrentUser()?.exec)
  const exec = plugin && cached(() => execCredential(plugin, cluster.server), timeLeft)
  const files = cached(
    async () => fromFiles(load()),
    () => CREDENTIALS_TTL_MS,
  )
  return {
    server: cluster.server,
    namespace: first.getContextObject(first.getCurrentContext())?.namespace ?? 'default',
    proxyUrl: cluster.proxyUrl,
    credentials: async () => {
      const credentials = await files.get()
      return exec === undefined ? credentials : withExec(credentials, await exec.get())
    },
    invalidate: () => {
      files.forget()
      exec?.forget()
    },
  }
}

function loadDefault(): KubeConfig {
  const config = new KubeConfig()
  config.loadFromDefault()
  return config
}

async function fromFiles(config: KubeConfig): Promise<Credentials> {
  const user = config.getCurrentUser()
  // Run by us: KubeConfig would run it once per caller, never again after a refusal, and not tell it the cluster.
  if (user !== null) Object.assign(user, { exec: undefined })
  const options: HttpsOptions = {}
  await config.applyToHTTPSOptions(options)
  const { ca, cert, key, servername, rejectUnauthorized } = options
  const headers = { ...options.headers }
  if (options.auth) headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`
  return { headers, tls: defined({ ca, cert, key, servername, rejectUnauthorized }) }
}

/** What KubeConfig fills in. */
interface HttpsOptions extends TlsOptions {
  headers?: Record<string, string>
  auth?: string
}

function withExec({ headers, tls }: Credentials, { token, cert, key }: ExecCredential): Credentials {
  return {
    headers: token === undefined ? headers : { ...headers, Authorization: `Bearer ${token}` },
    tls: { ...tls, ...defined({ cert, key }) },
  }
}

/** Before its end: the clock of the API server may be ahead, and a request takes time. */
const SKEW_MS = 30_000

function timeLeft({ expires }: ExecCredential): number {
  return expires === undefined ? Number.POSITIVE_INFINITY : expires - SKEW_MS - Date.now()
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function defined<T extends object>(options: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Defined<T>>
}
