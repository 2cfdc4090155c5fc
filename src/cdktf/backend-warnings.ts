import { Backend } from './engage-defaults'

/** The provider fixes the type of what the definition leaves open, as it does with mappings, when it creates a resource. */
const REPLACES =
  'kubernetes_manifest makes the activation anew when the mapping gets or loses a field, and deletionPolicy Delete drops its table then: write Backend.KUBECTL_MANIFEST, or DeletionPolicy.RETAIN'

const LOCAL = 'an operator opens no DuckDB file: it is for the local mode, write another warehouse'

/** What is valid and will surprise, by the way a manifest gets into a cluster. */
export function surprisesOf(backend: Backend, kind: string, spec: any): string[] {
  const replaced = kind === 'Activation' && spec.storageActions?.mapping !== undefined
  const dropped = replaced && backend === Backend.KUBERNETES_MANIFEST && spec.deletionPolicy === 'Delete'
  const local = kind === 'WarehouseDestination' && spec.duckdb !== undefined && backend !== Backend.YAML
  return [...(dropped ? [REPLACES] : []), ...(local ? [LOCAL] : [])]
}
