// Writes dist/manifests/install.yaml: the chart as plain YAML, for those who install without helm. Arguments go on to helm,
// such as --set image.repository=registry.example.com/engageops.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { renderChart } from './helm.ts'

const NAMESPACE = 'engageops-system'

/** Pods of this namespace fit the strictest standard; sync pods run in those of the resources. */
const namespace = `apiVersion: v1
kind: Namespace
metadata:
  name: ${NAMESPACE}
  labels:
    pod-security.kubernetes.io/enforce: restricted
`

/** Labels that say that helm manages an object. */
const OF_HELM = /^ +(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*\n/gm

/** The chart as plain YAML, with its namespace. `args` are helm's. */
export async function installManifests(...args: string[]): Promise<string> {
  const chart = await renderChart('engageops', NAMESPACE, '--set=crds.keep=false', ...args)
  return namespace + chart.replace(OF_HELM, '')
}

if (import.meta.main) {
  const folder = path.join(import.meta.dirname, '../dist/manifests')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'install.yaml'), await installManifests(...process.argv.slice(2)))
  console.log('dist/manifests/install.yaml')
}
