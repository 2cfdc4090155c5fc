import { randomUUID } from 'node:crypto'
import type { KubeClient } from '../kube/client.ts'
import { isConflict, isNotFound } from '../kube/errors.ts'
import { CONFIG_MAPS, type ConfigMap } from './resource-types.ts'

const NAME = 'engageops-installation'

/**
 * The id of this installation, which owns tables in warehouses: made once and kept in a ConfigMap of the operator's
 * namespace, so that a cluster that is restored from a backup is the same installation.
 */
export async function installationOf(client: KubeClient, namespace: string): Promise<string> {
  const read = async () => (await client.get<ConfigMap>(CONFIG_MAPS, { namespace, name: NAME })).data?.id
  const known = await read().catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  if (known) return known
  const id = randomUUID()
  try {
    await client.create<ConfigMap>(CONFIG_MAPS, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: NAME, namespace, labels: { 'app.kubernetes.io/part-of': 'engageops' } },
      data: { id },
    })
    return id
  } catch (error) {
    if (!isConflict(error)) throw error
  }
  const made = await read()
  if (made) return made
  throw new Error(`ConfigMap ${namespace}/${NAME} has no id: delete it, or put the id of the installation into data.id`)
}
