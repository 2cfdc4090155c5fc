import { existsSync } from 'node:fs'
import path from 'node:path'
import type { ClusterAccess } from './access.ts'
import { SERVICE_ACCOUNT, serviceAccountAccess } from './service-account.ts'

/**
 * The access that the surroundings give: KUBECONFIG, then the service account of a pod, then ~/.kube/config.
 * @kubernetes/client-node reads the files of people but is not loaded in a pod: it would take 58 MB of memory.
 */
export async function defaultAccess(env: NodeJS.ProcessEnv = process.env): Promise<ClusterAccess> {
  if (!env.KUBECONFIG && env.KUBERNETES_SERVICE_HOST && existsSync(path.join(SERVICE_ACCOUNT, 'token'))) {
    return serviceAccountAccess(env, SERVICE_ACCOUNT)
  }
  const { kubeConfigAccess } = await import('./kube-config.ts')
  return kubeConfigAccess()
}
