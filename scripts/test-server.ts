// Starts the test server of a warehouse, says how to use it, and stops it at Ctrl-C: `npm run test-server -- snowflake`.
import { once } from 'node:events'
import { stringify } from 'yaml'
import { secretVariable } from '../src/local/secrets.ts'
import { STANDALONE } from '../test/warehouses/standalone.ts'

const [name = ''] = process.argv.slice(2)
const start = STANDALONE[name]
if (!start) {
  process.stderr.write(`write one of ${Object.keys(STANDALONE).join(', ')}\n`)
  process.exit(64)
}
const { block, secrets, stop } = await start()
const destination = {
  apiVersion: 'engageops.dev/v1alpha1',
  kind: 'WarehouseDestination',
  metadata: { name: 'warehouse' },
  spec: { [block.kind]: block.settings },
}
process.stdout.write(`${stringify(destination, { lineWidth: 0 })}---\n`)
for (const [key, value] of Object.entries(secrets)) {
  process.stdout.write(`export ${secretVariable({ name: 'warehouse', key })}='${value}'\n`)
}
await once(process, 'SIGINT')
await stop()
