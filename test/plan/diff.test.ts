import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Column, LOGICAL_TYPES, type LogicalType, type Table } from '../../src/model/table.ts'
import { isDestructive } from '../../src/plan/change.ts'
import { makePlan, statusPlan } from '../../src/plan/plan.ts'
import { tableId } from '../../src/plan/registry.ts'
import { dialect } from '../../src/warehouses/duckdb/dialect.ts'
import { apply, EMPTY, type Model, plan } from './model.ts'

const column = (name: string, type: LogicalType = 'String', others: Partial<Column> = {}): Column => ({
  name,
  type,
  origin: 'Declared',
  ...others,
})
const table = (...columns: Column[]): Table => ({
  schema: 'engage_x',
  name: 't',
  key: ['id'],
  columns: [column('id', 'String', { origin: 'Standard' }), ...columns],
})
/** The warehouse after the tables were made. */
const made = (...tables: Table[]): Model => apply(EMPTY, plan(tables, EMPTY))

/** The warehouse after somebody else changed a column. */
function tampered(
  model: Model,
  change: (columns: { name: string; sqlType: string; type?: LogicalType }[]) => void,
): Model {
  const copy = structuredClone(model)
  for (const { columns } of copy.observed.tables) change(columns)
  return copy
}
const without = (name: string) => (columns: { name: string }[]) => {
  const index = columns.findIndex((entry) => entry.name === name)
  if (index >= 0) columns.splice(index, 1)
}

describe('what is added', () => {
  test('schema, table, then columns that come later', () => {
    expect(plan([table()], EMPTY).changes).toEqual([
      { kind: 'CreateSchema', schema: 'engage_x' },
      { kind: 'CreateTable', table: table() },
    ])
    expect(plan([table(column('a', 'Integer'))], made(table())).changes).toEqual([
      { kind: 'AddColumn', table: { schema: 'engage_x', name: 't' }, column: column('a', 'Integer') },
    ])
  })

  test('an earlier name is renamed, not added beside', () => {
    const renamed = table(column('b', 'Integer', { previousNames: ['a'] }))
    const difference = plan([renamed], made(table(column('a', 'Integer'))))
    expect(difference.changes).toEqual([
      { kind: 'RenameColumn', table: { schema: 'engage_x', name: 't' }, from: 'a', to: 'b' },
    ])
    expect(plan([renamed], apply(made(table(column('a', 'Integer'))), difference)).changes).toEqual([])
  })

  test('a column of somebody else is never renamed', () => {
    const foreign = tampered(made(table()), (columns) =>
      columns.push({ name: 'a', sqlType: 'BIGINT', type: 'Integer' }),
    )
    const { changes } = plan([table(column('b', 'Integer', { previousNames: ['a'] }))], foreign)
    expect(changes.map(({ kind }) => kind)).toEqual(['AddColumn'])
  })

  test('renamed and widened at once', () => {
    const before = made(table(column('a', 'Integer')))
    const { changes } = plan([table(column('b', 'Float', { previousNames: ['a'] }))], before)
    expect(changes.map(({ kind }) => kind)).toEqual(['RenameColumn', 'WidenColumn'])
  })
})

describe('types', () => {
  test('a declared type that becomes wider is widened', () => {
    const { changes, problems } = plan([table(column('a', 'Float'))], made(table(column('a', 'Integer'))))
    expect(changes).toMatchObject([{ kind: 'WidenColumn', column: 'a', from: 'Integer', to: 'Float' }])
    expect(problems).toEqual([])
  })

  test('any other is a problem that names the column, both types and the SQL', () => {
    const { changes, problems } = plan([table(column('a', 'Boolean'))], made(table(column('a', 'Integer'))))
    expect(changes).toEqual([])
    expect(problems).toMatchObject([{ reason: 'UnsupportedChange' }])
    expect(problems[0]?.message).toContain('column a is BIGINT, not BOOLEAN')
    expect(problems[0]?.message).toContain('ALTER TABLE "engage_x"."t" ALTER COLUMN "a" TYPE BOOLEAN')
  })

  test('a declaration that fits the inferred column takes it over; one that is wider widens it', () => {
    const inferred = apply(EMPTY, plan([table(column('a', 'Integer', { origin: 'Inferred' }))], EMPTY))
    const same = plan([table(column('a', 'Integer'))], inferred)
    expect(same.changes).toEqual([])
    expect(same.register).toMatchObject([{ column: 'a', origin: 'Declared' }])
    expect(plan([table(column('a', 'Float'))], inferred).changes).toMatchObject([{ kind: 'WidenColumn', to: 'Float' }])
  })

  test('an inferred column narrower than the registry says is widened, unless policy forbids it', () => {
    const registered = made(table(column('a', 'Float', { origin: 'Inferred' })))
    const narrow = tampered(registered, (columns) =>
      Object.assign(columns[1] ?? {}, { sqlType: 'BIGINT', type: 'Integer' }),
    )
    expect(plan([table()], narrow).changes).toMatchObject([{ kind: 'WidenColumn', column: 'a', to: 'Float' }])
    const schemaPolicy = { dropObjects: 'Forbid', widenTypes: 'Forbid' } as const
    expect(plan([table()], narrow, { schemaPolicy }).changes).toEqual([])
  })
})

describe('drift', () => {
  const model = made(table(column('a', 'Integer'), column('seen', 'String', { origin: 'Inferred' })))
  const desired = [table(column('a', 'Integer'))]

  test.each(['a', 'seen'])('column %s that somebody dropped comes back, is told of, or neither', (name) => {
    const drifted = tampered(model, without(name))
    expect(plan(desired, drifted).changes).toMatchObject([{ kind: 'AddColumn', column: { name } }])
    const report = plan(desired, drifted, { drift: { mode: 'Report' } })
    expect(report.changes).toEqual([])
    expect(report.drift).toMatchObject([{ message: `engage_x.t: column ${name} is gone` }])
    expect(plan(desired, drifted, { drift: { mode: 'Ignore' } })).toMatchObject({ changes: [], drift: [] })
    for (const ignore of [{ columns: [`${name[0]}*`] }, { tables: ['?'] }]) {
      expect(plan(desired, drifted, { drift: { mode: 'Correct', ignore } })).toMatchObject({ changes: [], drift: [] })
    }
  })

  test('a table that somebody dropped is made again, with the columns that syncs had found', () => {
    const dropped: Model = { ...model, observed: { schemas: ['engage_x'], tables: [] } }
    const { changes } = plan(desired, dropped)
    expect(changes).toMatchObject([
      { kind: 'CreateTable', table: { columns: [{ name: 'id' }, { name: 'a' }, { name: 'seen' }] } },
    ])
    expect(plan(desired, dropped, { drift: { mode: 'Report' } })).toMatchObject({ changes: [], usable: [] })
  })

  test('columns of other people are left alone', () => {
    const foreign = tampered(model, (columns) => columns.push({ name: 'theirs', sqlType: 'GEOMETRY' }))
    expect(plan(desired, foreign)).toMatchObject({ changes: [], problems: [], drift: [], register: [] })
  })

  test('a new column is added whatever the mode: it is no drift', () => {
    const more = [table(column('a', 'Integer'), column('b'))]
    for (const mode of ['Correct', 'Report', 'Ignore'] as const) {
      expect(plan(more, model, { drift: { mode } }).changes).toMatchObject([{ kind: 'AddColumn' }])
    }
  })
})

describe('adoption of a table that is there already', () => {
  const theirs: Model = {
    ...EMPTY,
    observed: {
      schemas: ['engage_x'],
      tables: [
        { schema: 'engage_x', name: 't', kind: 'Table', columns: [{ name: 'id', sqlType: 'VARCHAR', type: 'String' }] },
      ],
    },
  }
  const unfit = tampered(theirs, (columns) => columns.push({ name: 'a', sqlType: 'VARCHAR', type: 'String' }))
  const desired = [table(column('a', 'Integer'))]

  test('IfCompatible takes what fits and adds what is missing', () => {
    const difference = plan(desired, theirs)
    expect(difference.changes).toMatchObject([{ kind: 'AddColumn', column: { name: 'a' } }])
    expect(difference.register.map((row) => row.column)).toEqual(['id', 'a'])
    expect(plan(desired, apply(theirs, difference))).toMatchObject({ changes: [], register: [] })
  })

  test('IfCompatible refuses what does not fit, with column and types', () => {
    const difference = plan(desired, unfit)
    expect(difference).toMatchObject({
      changes: [],
      register: [],
      usable: [],
      problems: [{ reason: 'AdoptionRefused' }],
    })
    expect(difference.problems[0]?.message).toContain('column a is VARCHAR, not BIGINT (Integer)')
  })

  test('Never refuses, Always uses the columns as they are', () => {
    expect(plan(desired, theirs, { adoption: 'Never' })).toMatchObject({
      changes: [],
      problems: [{ reason: 'AdoptionRefused' }],
    })
    const always = plan(desired, unfit, { adoption: 'Always' })
    expect(always).toMatchObject({ changes: [], problems: [], usable: [{ name: 't' }] })
    expect(plan(desired, apply(unfit, always), { adoption: 'Always' })).toMatchObject({
      changes: [],
      problems: [],
      register: [],
    })
  })

  test('a view of that name is refused, even where the table was ours', () => {
    const view = structuredClone(made(table()))
    for (const entry of view.observed.tables) entry.kind = 'View'
    expect(plan([table()], view, { adoption: 'Always' })).toMatchObject({
      changes: [],
      problems: [{ reason: 'AdoptionRefused' }],
    })
  })
})

describe('drops', () => {
  const model = made(table(column('a', 'Integer'), column('seen', 'String', { origin: 'Inferred' })))

  test('are planned only with Approve, and only of columns that were declared', () => {
    const foreign = tampered(model, (columns) => columns.push({ name: 'theirs', sqlType: 'VARCHAR', type: 'String' }))
    expect(plan([table()], foreign).changes).toEqual([])
    const schemaPolicy = { dropObjects: 'Approve', widenTypes: 'Allow' } as const
    const difference = plan([table()], foreign, { schemaPolicy })
    expect(difference.changes).toEqual([{ kind: 'DropColumn', table: { schema: 'engage_x', name: 't' }, column: 'a' }])
    expect(plan([table()], apply(foreign, difference), { schemaPolicy }).changes).toEqual([])
    expect(plan([table()], foreign, { schemaPolicy, isRetained: () => true }).changes).toEqual([])
  })
})

const names = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const types = fc.constantFrom(...LOGICAL_TYPES)
const columns = fc.uniqueArray(
  fc.record({ name: names, type: types, previous: fc.array(names, { maxLength: 2 }), inferred: fc.boolean() }),
  { selector: ({ name }) => name, maxLength: 5 },
)
const tables = fc
  .uniqueArray(fc.record({ name: fc.constantFrom('t', 'u', 'v'), columns }), { selector: ({ name }) => name })
  .map((list): Table[] =>
    list.map((entry) => ({
      ...table(
        ...entry.columns.map(({ name, type, previous, inferred }) =>
          column(
            name,
            type,
            inferred ? { origin: 'Inferred' } : { previousNames: previous.filter((other) => other !== name) },
          ),
        ),
      ),
      name: entry.name,
    })),
  )
const policies = fc.record({
  adoption: fc.constantFrom('Never' as const, 'IfCompatible' as const, 'Always' as const),
  drift: fc.record({ mode: fc.constantFrom('Correct' as const, 'Report' as const, 'Ignore' as const) }),
  schemaPolicy: fc.record({
    dropObjects: fc.constantFrom('Forbid' as const, 'Approve' as const),
    widenTypes: fc.constantFrom('Allow' as const, 'Forbid' as const),
  }),
})
/** A warehouse with tables of ours and of others, some columns gone. */
const models = fc
  .record({ ours: tables, theirs: tables, lost: fc.array(names, { maxLength: 2 }) })
  .map(({ ours, theirs, lost }): Model => {
    const model = made(...ours)
    const others = made(...theirs).observed.tables.filter((other) => !model.owned.has(tableId(other)))
    const whole = { ...model, observed: { schemas: ['engage_x'], tables: [...model.observed.tables, ...others] } }
    return tampered(whole, (list) => {
      for (const name of lost) without(name)(list)
    })
  })

describe('for all warehouses, resources and policies', () => {
  test('a plan that was made leaves nothing to do', () => {
    fc.assert(
      fc.property(tables, models, policies, (desired, model, options) => {
        const after = apply(model, plan(desired, model, options))
        const again = plan(desired, after, options)
        expect(again.changes).toEqual([])
        expect(again.register).toEqual([])
        expect(again.unregister).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('nothing is dropped without Approve, and no table ever', () => {
    fc.assert(
      fc.property(tables, models, policies, (desired, model, options) => {
        const { changes } = plan(desired, model, options)
        expect(changes.some(({ kind }) => kind === 'DropTable')).toBe(false)
        if (options.schemaPolicy.dropObjects === 'Forbid') expect(changes.some(isDestructive)).toBe(false)
      }),
    )
  })

  test('a table that is not ours is never altered with Never, nor one that does not fit', () => {
    fc.assert(
      fc.property(tables, models, policies, (desired, model, options) => {
        const { changes, problems } = plan(desired, model, options)
        const touched = changes.flatMap((change) => (change.kind === 'CreateSchema' ? [] : [tableId(change.table)]))
        const theirs = model.observed.tables.map(tableId).filter((id) => !model.owned.has(id))
        if (options.adoption === 'Never') expect(theirs.filter((id) => touched.includes(id))).toEqual([])
        const refused = problems
          .filter(({ table: at }) => !model.owned.has(tableId(at)))
          .map(({ table: at }) => tableId(at))
        expect(refused.filter((id) => touched.includes(id))).toEqual([])
      }),
    )
  })

  test('the same input gives the same plan, whatever the order in which the warehouse lists things', () => {
    fc.assert(
      fc.property(tables, models, policies, (desired, model, options) => {
        const shuffled: Model = {
          owned: model.owned,
          registry: model.registry.toReversed(),
          observed: {
            schemas: model.observed.schemas.toReversed(),
            tables: model.observed.tables
              .map((entry) => ({ ...entry, columns: entry.columns.toReversed() }))
              .toReversed(),
          },
        }
        expect(plan(desired, shuffled, options).changes).toEqual(plan(desired, model, options).changes)
      }),
    )
  })
})

describe('a plan', () => {
  test('has a hash of its statements and knows whether data would be lost', () => {
    const { changes } = plan([table()], EMPTY)
    const first = makePlan(changes, dialect)
    expect(first).toMatchObject({ destructive: false, hash: expect.stringMatching(/^[0-9a-f]{16}$/) })
    expect(makePlan(changes, dialect).hash).toBe(first.hash)
    expect(makePlan(changes.slice(1), dialect).hash).not.toBe(first.hash)
    expect(makePlan([{ kind: 'DropTable', table: table() }], dialect).destructive).toBe(true)
  })

  test('shows at most 8 KiB in a status, and nothing when it is empty', () => {
    const wide = table(...Array.from({ length: 300 }, (_, index) => column(`a_rather_long_column_name_${index}`)))
    const shown = statusPlan(
      makePlan(
        [
          { kind: 'CreateTable', table: table() },
          { kind: 'CreateTable', table: wide },
        ],
        dialect,
      ),
    )
    expect(shown?.statements).toHaveLength(1)
    expect(statusPlan(makePlan([], dialect))).toBeUndefined()
  })
})
