// Synthesizes 1,000 activations, and their manifests as bare Terraform resources in the same way: `npm run bench:synth`.
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { FRAMEWORKS, packConstructs } from '../scripts/pack.ts'

const SPACES = 10
const ACTIVATIONS = 100
const COLUMNS = 10
const ROUNDS = 5

const require = createRequire(import.meta.url)
const packages = path.join(import.meta.dirname, '../dist/packages')
const outdir = mkdtempSync(path.join(tmpdir(), 'synth-'))

await packConstructs()
for (const framework of Object.keys(FRAMEWORKS)) {
  const start = performance.now()
  const { App, TerraformStack } = require(framework)
  const engage = require(path.join(packages, framework))
  const loaded = (performance.now() - start) / 1000

  /** From an empty app to files: seconds, those of the processor, and the stack. */
  const synthesize = (fill: (stack: unknown) => unknown) => {
    const start = performance.now()
    const before = process.cpuUsage()
    const app = new App({ outdir })
    const stack = new TerraformStack(app, 'stack')
    new engage.kubernetes.provider.KubernetesProvider(stack, 'kubernetes')
    fill(stack)
    app.synth()
    const { user, system } = process.cpuUsage(before)
    return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6, stack }
  }
  const constructs = () => synthesize((stack) => addActivations(engage, stack))
  const first = constructs()
  const manifests = engage.EngageManifests.of(first.stack)
  const bare = () =>
    synthesize((stack) => {
      for (const [index, manifest] of manifests.entries()) {
        new engage.kubernetes.manifest.Manifest(stack, `manifest-${index}`, { manifest })
      }
    })

  bare()
  const rounds = Array.from({ length: ROUNDS }, () => ({ ours: constructs(), baseline: bare() }))
  const ours = middle(rounds.map(({ ours }) => ours))
  const baseline = middle(rounds.map(({ baseline }) => baseline))
  console.log(`${framework}: ${SPACES * ACTIVATIONS} activations of ${COLUMNS} columns, ${manifests.length} resources`)
  console.log(`load        ${loaded.toFixed(2)} s`)
  console.log(`first       ${first.seconds.toFixed(2)} s, CPU ${first.cpu.toFixed(2)} s (target: under 1 s)`)
  console.log(`constructs  ${ours.seconds.toFixed(2)} s, CPU ${ours.cpu.toFixed(2)} s`)
  console.log(
    `bare        ${baseline.seconds.toFixed(2)} s, CPU ${baseline.cpu.toFixed(2)} s: no validation, no references`,
  )
  console.log(`ratio       ${(ours.cpu / baseline.cpu).toFixed(2)} of CPU`)
}
rmSync(outdir, { recursive: true })

function addActivations(engage: ReturnType<typeof require>, stack: unknown): void {
  const { Activation, AudienceType, EngageDefaults, EngageSpace, LogicalType, Warehouse, WarehouseDestination } = engage
  EngageDefaults.set(stack, { namespace: 'engage' })
  const warehouse = Warehouse.postgres({
    host: 'db.example.com',
    database: 'analytics',
    username: 'engageops',
    passwordSecretRef: { name: 'warehouse', key: 'password' },
  })
  const destination = new WarehouseDestination(stack, 'warehouse', { warehouse })
  const columns = Array.from({ length: COLUMNS }, (_, index) => ({
    name: `property_${index}`,
    type: LogicalType.STRING,
    path: `$.properties.property_${index}`,
  }))
  for (let spaceIndex = 0; spaceIndex < SPACES; spaceIndex++) {
    const space = new EngageSpace(stack, `space-${spaceIndex}`, { spaceName: `space${spaceIndex}` })
    space.connect(destination)
    for (let index = 0; index < ACTIVATIONS; index++) {
      const table = `carts_${index}`
      const computation = space.addAudience(table, { type: AudienceType.LINKED })
      new Activation(stack, `space-${spaceIndex}-${index}`, {
        computation,
        destination,
        storageActions: { table, columns },
      })
    }
  }
}

/** The run in the middle, by its CPU. */
function middle(runs: { seconds: number; cpu: number }[]): { seconds: number; cpu: number } {
  const sorted = runs.toSorted((a, b) => a.cpu - b.cpu)
  return sorted[Math.floor(runs.length / 2)] ?? { seconds: 0, cpu: 0 }
}
