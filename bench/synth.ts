// Synthesizes stacks of activations with the packed constructs (npm run pack), each in a process of its own, and prints how long it
// takes after the start, and how much of it the framework alone takes for resources of the same size.
import { execFileSync } from 'node:child_process'
import path from 'node:path'

const ACTIVATIONS = Number(process.argv[2] ?? 1000)
const root = path.join(import.meta.dirname, '..')

/** Runs in a process of its own: `make(stack, engage)` adds resources, then the app is synthesized. */
const script = (framework: string, make: string) => `
  const engage = require('./dist/packages/${framework}')
  const { App, TerraformStack } = require('${framework}')
  const outdir = require('node:fs').mkdtempSync(require('node:path').join(require('node:os').tmpdir(), 'synth-'))
  const app = new App({ outdir })
  const stack = new TerraformStack(app, 'main')
  new engage.kubernetes.provider.KubernetesProvider(stack, 'kubernetes')
  const columns = [1, 2, 3, 4, 5].map((n) => ({ name: 'column_' + n, type: 'String', path: '$.properties.column_' + n }))
  const started = performance.now()
  ${make}
  const made = performance.now()
  const cpu = process.cpuUsage()
  app.synth()
  const { user, system } = process.cpuUsage(cpu)
  const ms = [made - started, performance.now() - made, (user + system) / 1000].map(Math.round)
  require('node:fs').rmSync(outdir, { recursive: true })
  console.log('constructs ' + ms[0] + ' ms, synthesis ' + ms[1] + ' ms (of the processor ' + ms[2] + ' ms)')
`

const CONSTRUCTS = `
  const { Warehouse, WarehouseDestination, EngageSpace } = engage
  const passwordSecretRef = { name: 'login', key: 'password' }
  const settings = { host: 'db.example.com', database: 'analytics', username: 'engageops', passwordSecretRef }
  const warehouse = new WarehouseDestination(stack, 'warehouse', { warehouse: Warehouse.postgres(settings) })
  const space = new EngageSpace(stack, 'space', { spaceName: 'default' })
  space.connect(warehouse)
  const audiences = Array.from({ length: 100 }, (_, n) => space.addAudience('audience_' + n))
  for (let n = 0; n < ${ACTIVATIONS}; n++) {
    const storageActions = { table: 'table_' + n, columns }
    warehouse.activate('a' + n, { computation: audiences[n % 100], storageActions })
  }
`

const ALONE = `
  for (let n = 0; n < ${ACTIVATIONS}; n++) {
    const spec = { spaceRef: { name: 'space' }, destinationRef: { name: 'warehouse' }, computation: { audience: 'audience_' + n } }
    const storageActions = { table: 'table_' + n, triggers: ['AudienceEntered', 'AudienceExited'], columns }
    const metadata = { name: 'a' + n }
    const manifest = { apiVersion: 'engageops.dev/v1alpha1', kind: 'Activation', metadata, spec: { ...spec, storageActions } }
    new engage.kubernetes.manifest.Manifest(stack, 'a' + n, { manifest })
  }
`

for (const framework of ['cdktf', 'cdktn']) {
  for (const [name, make] of [
    ['constructs', CONSTRUCTS],
    ['alone', ALONE],
  ] as const) {
    const times = execFileSync(process.execPath, ['-e', script(framework, make)], { cwd: root, encoding: 'utf8' })
    process.stdout.write(`${framework} ${name.padEnd(10)} ${ACTIVATIONS} activations: ${times}`)
  }
}
