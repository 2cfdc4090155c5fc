import { expect, it } from 'vitest'
import type { Change } from '../../src/plan/change.ts'
import { statementsOf } from '../../src/plan/ddl.ts'

const table = (name: string) => ({ schema: 's', name })
const add = (to: string, name: string): Change => ({
  kind: 'AddColumn',
  table: table(to),
  column: { name, type: 'String', origin: 'Inferred' },
})
const CHANGES: Change[] = [
  add('a', 'x'),
  add('a', 'y'),
  add('b', 'x'),
  { kind: 'DropTable', table: table('c') },
  add('b', 'y'),
]
const change = (step: Change): string[] => [step.kind === 'AddColumn' ? `add ${step.column.name}` : step.kind]

it('adds the columns that a table gets one after the other at once, where the dialect can', () => {
  expect(statementsOf({ change }, CHANGES)).toEqual(['add x', 'add y', 'add x', 'DropTable', 'add y'])
  const addColumns = (to: { name: string }, columns: readonly { name: string }[]) => [
    `${to.name}: ${columns.map(({ name }) => name)}`,
  ]
  expect(statementsOf({ change, addColumns }, CHANGES)).toEqual(['a: x,y', 'b: x', 'DropTable', 'b: y'])
})
