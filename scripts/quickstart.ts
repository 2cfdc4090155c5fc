import { fileURLToPath } from 'node:url'
import { hasColour } from '../src/cli/output.ts'
import { sayProblems } from '../src/cli/plan.ts'
import { renderRuns } from '../src/cli/run-view.ts'
import { renderStatus } from '../src/cli/status-view.ts'
import { paint, renderTable } from '../src/cli/table.ts'
import { applyFolder } from '../src/local/apply-folder.ts'
import { openFolder } from '../src/local/folder.ts'
import { syncFolder } from '../src/local/sync-folder.ts'
import { warehouseFor } from '../src/reconcile/context.ts'

/** What the quickstart shows of each table. */
const SHOWN = {
  'engage_default.identifies': [
    'user_id',
    'anonymous_id',
    'first_time_shopper',
    'total_revenue_180_days',
    'received_at',
  ],
  'engage_default.users': ['id', 'first_time_shopper', 'total_revenue_180_days', 'email'],
  'engage_default.audience_entered': ['user_id', 'audience_key', 'first_time_shopper'],
  'engage_default.audience_exited': ['user_id', 'audience_key', 'first_time_shopper'],
  'engage_default.trait_computed': ['user_id', 'total_revenue_180_days', 'trait_key'],
  'default.abandoned_carts': ['user_id', 'event_name', 'cart_id', 'cart_total'],
  'default.welcome_steps': ['user_id', 'personas_computation_key', 'journey_context'],
}

const folder = await openFolder(fileURLToPath(new URL('../examples/quickstart', import.meta.url)))
const colour = hasColour(process.stdout)
const heading = (text: string) => process.stdout.write(`\n${paint(text, 'green', colour)}\n`)

heading('engageops apply -f examples/quickstart')
const applied = await applyFolder(folder)
process.stdout.write(`${applied.resources.length} resources applied.\n`)
sayProblems(applied.problems)

heading('engageops sync -f examples/quickstart')
const { runs, problems } = await syncFolder(folder)
process.stdout.write(renderRuns(runs, colour))
sayProblems(problems)

const [destination] = await folder.store.destinations()
if (!destination) throw new Error('the quickstart has no WarehouseDestination')
const { dialect, connect } = await warehouseFor(folder.context, destination)
await using session = await connect()
for (const [table, columns] of Object.entries(SHOWN)) {
  const [schema = '', name = ''] = table.split('.')
  const rows = await session.query(
    `SELECT ${columns.map(dialect.quote).join(', ')} FROM ${dialect.table({ schema, name })} ORDER BY received_at, 1`,
  )
  heading(table)
  process.stdout.write(
    renderTable(
      columns,
      rows.map((row) => columns.map((column) => row[column] ?? '')),
      colour,
    ),
  )
}

heading('engageops status -f examples/quickstart')
process.stdout.write(renderStatus(folder.store.all(), { now: new Date(), colour }))

process.stdout.write(`
Try next:
  npm run cli -- history -f examples/quickstart     past syncs, and when the next one is due
  add a line to examples/quickstart/calls/profiles.ndjson, then
  npm run cli -- sync -f examples/quickstart        loads just that line
  add a computed trait to examples/quickstart/space.yaml, then
  npm run cli -- plan -f examples/quickstart        shows the SQL; apply runs it
  npm run cli -- up -f examples/quickstart          syncs on the hour, until Ctrl-C
  docs/data.md                                      what lands where, and why
`)
if (problems.length + applied.problems.length > 0) process.exitCode = 1
