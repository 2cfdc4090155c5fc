import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type ClusterAccess, CREDENTIALS_TTL_MS } from './access.ts'
import { cached } from './cached.ts'

/** Where the kubelet puts the files of the pod's service account. */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The access of a pod by its service account, whose files the kubelet renews: read again every minute. */
export async function serviceAccountAccess(env: NodeJS.ProcessEnv, folder: string): Promise<ClusterAccess> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env
  const read = async () => {
    const [ca, token] = await Promise.all(['ca.crt', 'token'].map((file) => readFile(path.join(folder, file), 'utf8')))
    return { headers: { Authorization: `Bearer ${token?.trim()}` }, tls: { ...(ca === undefined ? {} : { ca }) } }
  }
  const { get, forget } = cached(read, () => CREDENTIALS_TTL_MS)
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: (await readFile(path.join(folder, 'namespace'), 'utf8')).trim(),
    proxyUrl: undefined,
    credentials: get,
    invalidate: forget,
  }
}
