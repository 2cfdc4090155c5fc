import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Column, LOGICAL_TYPES, type Table } from '../../src/model/table.ts'
import type { Observed } from '../../src/plan/observed.ts'
import { makePlan } from '../../src/plan/plan.ts'
import { dialect } from '../../src/warehouses/duckdb/dialect.ts'
import type { Session } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { apply, EMPTY, type Model, plan } from './model.ts'

const SCHEMA = 'engage_x'
const names = fc.constantFrom('a', 'b', 'select', 'ünï"cödé')
const columns = fc.uniqueArray(
  fc.record({ name: names, type: fc.constantFrom(...LOGICAL_TYPES), previous: fc.array(names, { maxLength: 1 }) }),
  { selector: ({ name }) => name },
)
const table = (list: { name: string; type: Column['type']; previous: string[] }[]): Table => ({
  schema: SCHEMA,
  name: 't',
  key: ['id'],
  columns: [
    { name: 'id', type: 'String', origin: 'Standard' },
    ...list.map(
      ({ name, type, previous }): Column => ({
        name,
        type,
        origin: 'Declared',
        previousNames: previous.filter((other) => other !== name),
      }),
    ),
  ],
})

const POLICY = { schemaPolicy: { dropObjects: 'Approve', widenTypes: 'Allow' } } as const
const shape = ({ tables }: Observed) =>
  tables.map((found) => found.columns.map(({ name, type }) => `${name} ${type}`).sort())

async function execute(session: Session, desired: readonly Table[], model: Model): Promise<Model> {
  const difference = plan(desired, model, POLICY)
  for (const sql of makePlan(difference.changes, dialect).statements) await session.execute(sql)
  return { ...apply(model, difference), observed: await session.observe([SCHEMA]) }
}

test('on a real database plans do what the model says, and leave nothing to do', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'engageops-plan-'))
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(columns, { minLength: 2, maxLength: 3 }), fc.uuid(), async (steps, file) => {
        const environment = { baseDir: dir, secret: async () => '' }
        const warehouse = await openWarehouse({ kind: 'duckdb', settings: { path: `${file}.duckdb` } }, environment)
        await using session = await warehouse.connect()
        let model = EMPTY
        for (const step of steps) {
          const expected = apply(model, plan([table(step)], model, POLICY))
          model = await execute(session, [table(step)], model)
          expect(shape(model.observed)).toEqual(shape(expected.observed))
          expect(plan([table(step)], model, POLICY).changes).toEqual([])
        }
      }),
      { numRuns: 25 },
    )
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})
