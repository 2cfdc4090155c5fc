import { checkMapping } from './mapping-check.ts'
import type { FieldPath, Problem } from './problems.ts'
import { isFields, listOf } from './rules.ts'
import { snakeCase } from './snake-case.ts'

/** What is wrong with the spec of an Activation and no CEL can say: whoever takes one from a cluster has to ask for it. */
export function activationProblems(spec: unknown): Problem[] {
  const actions = isFields(spec) ? spec.storageActions : undefined
  if (!isFields(actions)) return []
  const { mapping, columns } = actions
  return [
    ...(isFields(mapping) ? checkMapping(mapping, ['storageActions', 'mapping']) : []),
    ...repeatedColumns(listOf(columns), ['storageActions', 'columns']),
  ]
}

/** Columns that are one in the warehouse, since their names differ in spelling only. */
function repeatedColumns(columns: readonly unknown[], path: FieldPath): Problem[] {
  const first = new Map<string, string>()
  return columns.flatMap((column, index): Problem[] => {
    const name = isFields(column) ? column.name : undefined
    if (typeof name !== 'string') return []
    const composed = name.normalize('NFC')
    const key = snakeCase(composed) || composed
    const earlier = first.get(key)
    if (earlier === undefined) first.set(key, name)
    // The list itself refuses one spelling twice.
    if (earlier === undefined || earlier === name) return []
    const message = `is the same column as ${JSON.stringify(earlier)}, for both are ${key}: keep one of them, or write another name`
    return [{ path: [...path, index, 'name'], message }]
  })
}
