import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { applyCrds, type ControlPlane, startControlPlane } from './control-plane.ts'
import { writeProjectImage } from './image.ts'
import { kubectlWith } from './kubectl.ts'
import type { Network } from './network.ts'
import { startNode } from './node.ts'
import { findMissing, GIVEN_KUBECONFIG, type Missing } from './tiers.ts'

/** Where the cluster of this test run is. */
export interface ClusterAddress {
  kubeconfig: string
  /** The program kubectl. */
  kubectl: string
  network?: Network
}

declare module 'vitest' {
  interface ProvidedContext {
    kubernetes: { starter: string; missing: Missing }
  }
}

const ROOT = path.join(import.meta.dirname, '../..')
const CRDS = path.join(ROOT, 'crds')

let server: Server | undefined
let controlPlane: Promise<ControlPlane> | undefined
let cluster: Promise<ClusterAddress> | undefined
let node: Promise<unknown> | undefined

/**
 * Global set-up of vitest: one cluster for all test files. Each part starts when a file asks for it first (see
 * on-cluster.ts): the control plane, then its node, which has the project's image. It ends after the last file.
 */
export async function setup(project: TestProject): Promise<void> {
  const missing = findMissing()
  for (const [tier, reason] of Object.entries(missing)) console.warn(`Tests that need a ${tier} are skipped: ${reason}`)
  server = createServer((request, response) => {
    start(request.url, missing).then(
      (address) => response.end(JSON.stringify(address)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  server.requestTimeout = 0
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  project.provide('kubernetes', { starter: `http://127.0.0.1:${address.port}`, missing })
}

export async function teardown(): Promise<void> {
  server?.close()
  const started = await controlPlane?.catch(() => undefined)
  await started?.stop()
}

async function start(url: string | undefined, missing: Missing): Promise<ClusterAddress> {
  cluster ??= GIVEN_KUBECONFIG === undefined ? startOwn(missing.node === undefined) : useGiven(GIVEN_KUBECONFIG)
  const address = await cluster
  if (url === '/node') {
    node ??= addNode()
    await node
  }
  return address
}

async function startOwn(ownNetwork: boolean): Promise<ClusterAddress> {
  controlPlane = startControlPlane({ crds: CRDS, ownNetwork })
  const { kubeconfig, processes, network } = await controlPlane
  return { kubeconfig, kubectl: path.join(processes, 'kubectl'), ...(network && { network }) }
}

async function useGiven(kubeconfig: string): Promise<ClusterAddress> {
  await applyCrds(kubectlWith('kubectl', kubeconfig), CRDS)
  return { kubeconfig, kubectl: 'kubectl' }
}

async function addNode(): Promise<void> {
  const running = await controlPlane
  if (running === undefined) throw new Error('a node needs a control plane of our own')
  const { loadImage } = await startNode(running)
  // What the compiler prints then stands in the error.
  await promisify(execFile)('sh', ['-c', 'npm run --silent build >&2'], { cwd: ROOT })
  const archive = path.join(running.run, 'project.tar')
  await writeProjectImage(archive)
  await loadImage(archive)
}
