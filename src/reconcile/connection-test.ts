import { hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { csvCell } from '../engage/csv.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import { EngageError } from '../model/errors.ts'
import type { DestinationStatus } from '../model/status.ts'
import type { Column, Table } from '../model/table.ts'
import type { Change } from '../plan/change.ts'
import { statementsOf } from '../plan/ddl.ts'
import type { Session, StageInput, Warehouse } from '../warehouses/port.ts'
import { type Trouble, troubleOf } from './conditions.ts'
import { type ReconcileContext, warehouseFor } from './context.ts'

type Step = NonNullable<DestinationStatus['connection']>['steps'][number]

/** What the connection test found. */
export interface ConnectionTest {
  steps: Step[]
  serverVersion?: string
  trouble?: Trouble
}

/** A step of the test. One that fails throws, and those after it are skipped. */
type RunStep = <T>(name: string, work: () => Promise<T>) => Promise<T>

/** A step failed: the rest is skipped. */
class StepFailed extends Error {}

const CONNECTION_STEPS = ['Resolve', 'Connect', 'Query']
const WRITE_STEPS = ['CreateSchema', 'CreateTable', 'AlterTable', 'Load', 'ReadBack', 'DropTable']

/**
 * Tests a destination: whether its settings and Secrets resolve, the server lets us in and answers, and, for a new or
 * edited destination or one that has failed, whether a table can be made, altered, loaded, read and dropped in the
 * bookkeeping schema. Otherwise writing was seen to work, and a test every few minutes only sees whether it is there.
 */
export async function testConnection(
  context: ReconcileContext,
  destination: WarehouseDestination,
): Promise<ConnectionTest> {
  const before = destination.status?.connection
  const isTested = before?.state === 'Connected' && before.steps.some(({ name }) => name === WRITE_STEPS.at(-1))
  const isWhole = !isTested || destination.status?.observedGeneration !== destination.metadata.generation
  const test: ConnectionTest = { steps: [] }
  const run: RunStep = async (name, work) => {
    try {
      const result = await work()
      test.steps.push({ name, status: 'Passed' })
      return result
    } catch (error) {
      test.trouble = troubleOf(error)
      test.steps.push({ name, status: 'Failed', message: test.trouble.message.slice(0, 1024) })
      throw new StepFailed()
    }
  }
  try {
    const warehouse = await run('Resolve', () => warehouseFor(context, destination))
    if (!isWhole && warehouse.authenticate) {
      await run('Connect', async () => warehouse.authenticate?.(context.signal))
      return { steps: before.steps, ...(before.serverVersion && { serverVersion: before.serverVersion }) }
    }
    await using session = await run('Connect', () => warehouse.connect(context.signal))
    const version = await run('Query', () => session.serverVersion())
    test.serverVersion = version.slice(0, 255)
    if (isWhole) await testWriting(run, warehouse, session, testTable(context, destination))
    else test.steps = before.steps
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    const skipped = [...CONNECTION_STEPS, ...WRITE_STEPS].slice(test.steps.length)
    test.steps.push(...skipped.map((name): Step => ({ name, status: 'Skipped' })))
  }
  return test
}

async function testWriting(run: RunStep, { dialect }: Warehouse, session: Session, table: Table): Promise<void> {
  const apply = async (...changes: Change[]) => {
    for (const sql of statementsOf(dialect, changes)) await session.execute(sql)
  }
  await run('CreateSchema', async () => {
    const { schemas } = await session.observe([table.schema])
    if (schemas.length === 0) await apply({ kind: 'CreateSchema', schema: table.schema })
  })
  await run('CreateTable', async () => {
    // A test that was cut off leaves its table.
    await apply({ kind: 'DropTable', table })
    await apply({ kind: 'CreateTable', table })
  })
  const added: Column = { name: 'note', type: 'String', origin: 'Standard' }
  await run('AlterTable', () => apply({ kind: 'AddColumn', table, column: added }))
  await run('Load', async () => {
    const columns = [...table.columns, added]
    const stage = await stageRow(session, { schema: table.schema, columns })
    const names = columns.map(({ name }) => dialect.quote(name)).join(', ')
    await session.execute(`INSERT INTO ${dialect.table(table)} (${names}) SELECT ${names} FROM ${stage}`)
    await session.dropStage(stage)
  })
  await run('ReadBack', async () => {
    const names = Object.keys(ROW).map(dialect.quote).join(', ')
    const rows = await session.query(`SELECT ${names} FROM ${dialect.table(table)}`)
    if (JSON.stringify(rows) === JSON.stringify([ROW])) return
    throw new EngageError('WarehouseError', 'Stalled', `the row that was loaded read back as ${JSON.stringify(rows)}`)
  })
  await run('DropTable', () => apply({ kind: 'DropTable', table }))
}

/** The row that is loaded: what text goes through unchanged says most about the way. */
const ROW = { id: '1', note: 'it\'s "loaded",\nnaïve as it is' }

/** A table of this destination alone: two that name one warehouse do not meet. */
function testTable({ installationId }: ReconcileContext, { spec, metadata }: WarehouseDestination): Table {
  const owner = hash('sha256', `${installationId}/${metadata.namespace}/${metadata.name}`, 'hex').slice(0, 12)
  return {
    schema: spec.bookkeepingSchema,
    name: `connection_test_${owner}`,
    key: ['id'],
    columns: [{ name: 'id', type: 'String', origin: 'Standard' }],
  }
}

async function stageRow(session: Session, stage: Omit<StageInput, 'parts'>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'engageops-'))
  try {
    const path = join(directory, 'row.csv')
    const line = `${Object.values(ROW).map(csvCell).join(',')}\n`
    await writeFile(path, line)
    const part = { path, columns: Object.keys(ROW), rows: 1, longestLine: Buffer.byteLength(line) }
    return await session.stage({ ...stage, parts: [part] })
  } finally {
    await rm(directory, { recursive: true })
  }
}
