import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { builtProcesses, goVersion } from './build.ts'
import { CNI_PLUGINS, NODE_PROGRAMS } from './node.ts'

/** What tests can have on this machine: for each tier undefined, or the reason why not and what to do. */
export interface Missing {
  /** A cluster, with or without nodes. */
  cluster?: string
  /** A control plane of the test's own, that it may stop and break. */
  controlPlane?: string
  /** A node that runs pods of the project's image. */
  node?: string
}

/** Kubeconfig of a cluster that is used in place of one of our own. */
export const GIVEN_KUBECONFIG = process.env.ENGAGEOPS_TEST_KUBECONFIG

export function findMissing(): Missing {
  const controlPlane = missingForControlPlane()
  if (GIVEN_KUBECONFIG !== undefined) {
    const node = 'the cluster of ENGAGEOPS_TEST_KUBECONFIG takes no image from here: unset it'
    return { node, ...(controlPlane && { controlPlane }) }
  }
  if (controlPlane !== undefined) return { cluster: controlPlane, controlPlane, node: controlPlane }
  const node = missingForNode()
  return node === undefined ? {} : { node }
}

function missingForControlPlane(): string | undefined {
  if (process.platform !== 'linux') return 'Kubernetes runs on Linux only: set ENGAGEOPS_TEST_KUBECONFIG'
  if (builtProcesses() ?? goVersion()) return undefined
  return 'Go, which builds Kubernetes, is not installed: install Go 1.25 or newer, or set ENGAGEOPS_TEST_KUBECONFIG'
}

function missingForNode(): string | undefined {
  if (process.getuid?.() !== 0) return 'a node needs root'
  const missing = NODE_PROGRAMS.filter((program) => !isInstalled(program))
  if (!existsSync(path.join(CNI_PLUGINS, 'bridge'))) missing.push('the CNI plugins')
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed: run test/kubernetes/install.sh`
}

function isInstalled(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
