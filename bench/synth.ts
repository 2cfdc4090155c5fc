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

  /** Seconds from an empty app to files; what was written. */
  const synthesize = (fill: (stack: unknown) => unknown) => {
    const start = performance.now()
    const app = new App({ outdir })
    const stack = new TerraformStack(app, 'stack')
    new engage.kubernetes.provider.KubernetesProvider(stack, 'kubernetes')
    fill(stack)
    app.synth()
    return { seconds: (performance.now() - start) / 1000, stack }
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
  const rounds = Array.from({ length: ROUNDS }, () => [constructs().seconds, bare().seconds] as const)
  const [ours, baseline] = [median(rounds.map(([ours]) => ours)), median(rounds.map(([, bare]) => bare))]
  console.log(`${framework}: ${SPACES * ACTIVATIONS} activations of ${COLUMNS} columns, ${manifests.length} resources`)
  console.log(`load        ${loaded.toFixed(2)} s`)
  console.log(`constructs  ${ours.toFixed(2)} s (first time ${first.seconds.toFixed(2)} s; target: under 1 s)`)
  console.log(`bare        ${baseline.toFixed(2)} s: no validation, no references`)
  console.log(`ratio       ${(ours / baseline).toFixed(2)}`)
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

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
