// The conformance suite on a real account: see docs/warehouses/live.md. Makes schemas of its own and drops them again.
import { readFileSync } from 'node:fs'
import { env } from 'node:process'
import { readSecret } from '../../src/local/secrets.ts'
import { formatError, loadManifests } from '../../src/model/load.ts'
import { warehouseOf } from '../../src/model/warehouse-block.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { describeWarehouse } from '../warehouses/conformance.ts'

const file = env.ENGAGEOPS_LIVE_DESTINATION
if (!file) {
  throw new Error('set ENGAGEOPS_LIVE_DESTINATION to a file with one WarehouseDestination: see docs/warehouses/live.md')
}
const { resources, errors } = loadManifests(['-'], readFileSync(file, 'utf8'))
if (errors.length > 0) throw new Error(errors.map(formatError).join('\n'))
const [destination] = resources.flatMap(({ resource }) => (resource.kind === 'WarehouseDestination' ? [resource] : []))
if (!destination) throw new Error(`${file} has no WarehouseDestination`)
const { metadata, spec } = destination

describeWarehouse(metadata.name, async () => ({
  warehouse: await openWarehouse(warehouseOf(spec), {
    baseDir: '.',
    secret: async (reference) => readSecret({ environment: env }, reference),
  }),
  isShared: true,
  tearDown: async () => undefined,
}))
