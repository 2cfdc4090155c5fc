import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Column, Table, View } from '../../src/model/table.ts'
import type { PlannedChange } from '../../src/plan/change.ts'
import type { Observed } from '../../src/plan/observed.ts'
import { tableId } from '../../src/plan/registry.ts'
import { tableOf } from '../../src/plan/standard-tables.ts'
import { diffViews, type OwnedView, type ViewDifference, type ViewDiffInput } from '../../src/plan/view-diff.ts'
import { dialect } from '../../src/warehouses/bigquery/dialect.ts'
import { viewOf as segmentsView } from '../../src/warehouses/bigquery/views.ts'

const viewOf = (table: Table): View => segmentsView(table, 60)
const column = (name: string, type: Column['type'] = 'String'): Column => ({ name, type, origin: 'Declared' })
const table = (name: string, ...columns: Column[]): Table =>
  tableOf('StorageActions', { schema: 'default', name }, columns)

/** A warehouse and the ledger's notes of views. */
interface Model {
  observed: Observed
  owned: OwnedView[]
}

const columnsOf = ({ columns }: Table) =>
  columns.map(({ name, type }) => ({ name, type, sqlType: dialect.sqlType(type) }))

/** A warehouse that has these tables. */
const holding = (...tables: Table[]): Model => ({
  observed: { schemas: ['default'], tables: tables.map((it) => ({ ...it, kind: 'Table', columns: columnsOf(it) })) },
  owned: [],
})

function plan(tables: readonly Table[], { observed, owned }: Model, options: Partial<ViewDiffInput> = {}) {
  const changes: PlannedChange[] = []
  for (const it of tables) {
    const there = observed.tables.find((found) => tableId(found) === tableId(it))
    if (!there) changes.push({ kind: 'CreateTable', table: it })
    for (const added of there ? it.columns : []) {
      if (!there?.columns.some(({ name }) => name === added.name))
        changes.push({ kind: 'AddColumn', table: it, column: added })
    }
  }
  const taken = new Set(tables.map(tableId))
  const drift = { mode: 'Correct' } as const
  return diffViews({ tables, changes, observed, owned, taken, viewOf, types: dialect, drift, ...options })
}

/** What warehouse and ledger are once the tables are made and a plan was carried out. */
function apply(tables: readonly Table[], model: Model, { changes, views, released }: ViewDifference): Model {
  const found = new Map(model.observed.tables.map((it) => [tableId(it), it]))
  for (const it of tables) {
    const there = found.get(tableId(it))
    const more = columnsOf(it).filter(({ name }) => !there?.columns.some((known) => known.name === name))
    found.set(tableId(it), {
      schema: it.schema,
      name: it.name,
      kind: 'Table',
      columns: [...(there?.columns ?? []), ...more],
    })
  }
  for (const change of changes) {
    if (change.kind === 'DropView') found.delete(tableId(change.view))
    else {
      const { of, ...view } = change.view
      const columns = found.get(tableId(of))?.columns ?? []
      found.set(tableId(view), { schema: view.schema, name: view.name, kind: 'View', columns: [...columns] })
    }
  }
  const owned = new Map(model.owned.map((view) => [tableId(view), view]))
  for (const { view, fingerprint } of views)
    owned.set(tableId(view), { schema: view.schema, name: view.name, fingerprint })
  for (const view of released) owned.delete(tableId(view))
  return { observed: { schemas: ['default'], tables: [...found.values()] }, owned: [...owned.values()] }
}

const kinds = ({ changes }: ViewDifference) => changes.map(({ kind, view }) => `${kind} ${view.name}`)
const carts = table('carts', column('plan'))
const made = apply([carts], holding(carts), plan([carts], holding(carts)))
/** The same, after somebody else took objects away and put others there. */
const without = (name: string, ...others: Observed['tables']): Model => ({
  ...made,
  observed: { ...made.observed, tables: [...made.observed.tables.filter((it) => it.name !== name), ...others] },
})

describe('views beside tables', () => {
  test('are made with their tables and again when those change', () => {
    expect(kinds(plan([carts], holding()))).toEqual(['CreateView carts_view'])
    expect(kinds(plan([carts], made))).toEqual([])
    const wider = table('carts', column('plan'), column('city'))
    expect(kinds(plan([wider], made))).toEqual(['ReplaceView carts_view'])
    expect(kinds(plan([carts], made, { viewOf: (it) => segmentsView(it, 30) }))).toEqual(['ReplaceView carts_view'])
  })

  test('go when none is wanted, but never what somebody else made in their place', () => {
    const off = plan([carts], made, { viewOf: undefined })
    expect(kinds(off)).toEqual(['DropView carts_view'])
    expect(apply([carts], made, off).owned).toEqual([])
    const theirs = without('carts_view', { schema: 'default', name: 'carts_view', kind: 'Table', columns: [] })
    expect(plan([carts], theirs, { viewOf: undefined })).toMatchObject({
      changes: [],
      released: [{ name: 'carts_view' }],
    })
  })

  test('are not made where somebody else has the name, or a table of ours', () => {
    const theirs = { ...made, owned: [] }
    expect(plan([carts], theirs)).toMatchObject({ changes: [], views: [], cautions: [{ reason: 'ViewRefused' }] })
    const both = plan([carts, table('carts_view')], holding())
    expect(kinds(both)).toEqual(['CreateView carts_view_view'])
    expect(both.cautions).toMatchObject([{ about: { name: 'carts' } }])
  })

  test.each([
    ['gone', without('carts_view'), 'CreateView carts_view', 'is gone'],
    [
      'of other columns',
      without('carts_view', { schema: 'default', name: 'carts_view', kind: 'View', columns: [] }),
      'ReplaceView carts_view',
      'does not show',
    ],
  ])('one that somebody else left %s comes back, is told of, or neither', (_, model, change, message) => {
    const corrected = plan([carts], model)
    expect(kinds(corrected)).toEqual([change])
    expect(corrected.drift[0]?.message).toContain(message)
    const reported = plan([carts], model, { drift: { mode: 'Report' } })
    expect(reported).toMatchObject({ changes: [], drift: [{ table: { name: 'carts' } }] })
    const ignored: ViewDiffInput['drift'][] = [{ mode: 'Ignore' }, { mode: 'Correct', ignore: { tables: ['carts*'] } }]
    for (const drift of ignored) expect(plan([carts], model, { drift })).toMatchObject({ changes: [], drift: [] })
  })

  test('one stays as it is while its table lacks a column that it reads', () => {
    const model = structuredClone(made)
    for (const { columns } of model.observed.tables)
      columns.splice(
        columns.findIndex(({ name }) => name === 'uuid_ts'),
        1,
      )
    expect(plan([carts], model, { changes: [] })).toMatchObject({ changes: [], drift: [], cautions: [] })
  })

  test('one whose name was claimed before a crash is made, whether it is there or not', () => {
    const claimed = [{ schema: 'default', name: 'carts_view', fingerprint: '' }]
    expect(plan([carts], { ...made, owned: claimed })).toMatchObject({ changes: [{ kind: 'ReplaceView' }], drift: [] })
    const model = { ...without('carts_view'), owned: claimed }
    expect(plan([carts], model)).toMatchObject({ changes: [{ kind: 'CreateView' }], drift: [] })
  })

  const names = fc.constantFrom<string[]>('a', 'b', 'a_view', 'a_view_view')
  const tables = fc.uniqueArray(
    fc
      .record({ name: names, columns: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')) })
      .map(({ name, columns }) => table(name, ...columns.map((it) => column(it)))),
    { selector: ({ name }) => name },
  )
  /** A warehouse with tables and views of ours, of which some are lost, and tables of others. */
  const models = fc
    .record({ ours: tables, theirs: tables, lost: fc.array(names, { maxLength: 2 }) })
    .map(({ ours, theirs, lost }): Model => {
      const model = apply(ours, holding(), plan(ours, holding()))
      const others = holding(...theirs).observed.tables.filter(
        (other) => !model.observed.tables.some((it) => tableId(it) === tableId(other)),
      )
      const left = model.observed.tables.filter(({ name }) => !lost.includes(name))
      return { ...model, observed: { schemas: ['default'], tables: [...left, ...others] } }
    })
  const options = fc.record({
    drift: fc.record({ mode: fc.constantFrom('Correct' as const, 'Report' as const, 'Ignore' as const) }),
    viewOf: fc.constantFrom(viewOf, (it: Table) => segmentsView(it, 7), undefined),
  })

  test('for all warehouses a plan that was made leaves nothing to do', () => {
    fc.assert(
      fc.property(tables, models, options, (desired, model, how) => {
        const after = apply(desired, model, plan(desired, model, how))
        const again = plan(desired, after, how)
        expect(again.changes).toEqual([])
        expect(again.released).toEqual([])
        const noted = new Map(after.owned.map((view) => [tableId(view), view.fingerprint]))
        for (const { view, fingerprint } of again.views) expect(noted.get(tableId(view))).toBe(fingerprint)
      }),
      { numRuns: 500 },
    )
  })

  test('for all warehouses what is not ours is never touched', () => {
    fc.assert(
      fc.property(tables, models, options, (desired, model, how) => {
        const ours = new Set(model.owned.map(tableId))
        const theirs = model.observed.tables.filter((it) => !ours.has(tableId(it)) || it.kind === 'Table').map(tableId)
        const touched = plan(desired, model, how).changes.map(({ view }) => tableId(view))
        expect(theirs.filter((id) => touched.includes(id))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })
})
