// Starts a control plane, with `--node` a node too that has the project's image, and keeps them until Ctrl-C.
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startControlPlane } from './control-plane.ts'
import { writeProjectImage } from './image.ts'
import { startNode } from './node.ts'

const { values } = parseArgs({ options: { node: { type: 'boolean', default: false } } })
const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
// Ctrl-C comes twice below npm: from the terminal, and from npm.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop())
const controlPlane = await startControlPlane({
  crds: path.join(import.meta.dirname, '../../crds'),
  ownNetwork: values.node,
})
try {
  if (values.node) {
    const { loadImage } = await startNode(controlPlane)
    const archive = path.join(controlPlane.run, 'project.tar')
    await writeProjectImage(archive)
    await loadImage(archive)
  }
  console.log(`export KUBECONFIG=${controlPlane.kubeconfig} PATH=${controlPlane.processes}:$PATH`)
  const alive = setInterval(() => undefined, 60_000)
  await stopped
  clearInterval(alive)
} finally {
  await controlPlane.stop()
}
