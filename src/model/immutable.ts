import type { EngageResource } from './kinds.ts'
import type { Kind } from './resource.ts'
import { type Fields, isFields, listOf } from './rules.ts'
import { WAREHOUSE_KINDS } from './warehouse-block.ts'

/** Fields (text, or blocks of which only the presence counts) that keep their first value. */
export interface ImmutableFields {
  /** Where the fields stand, below spec; `destinations[]` are the items of that list, told apart by name. */
  at: string
  fields: readonly string[]
  /** Whether only being set counts: the fields are blocks with rules of their own. */
  presence?: true
}

export const IMMUTABLE: Record<Kind, ImmutableFields[]> = {
  WarehouseDestination: [
    { at: '', fields: WAREHOUSE_KINDS, presence: true },
    { at: 'snowflake', fields: ['account', 'database'] },
    { at: 'databricks', fields: ['host', 'catalog'] },
    { at: 'bigquery', fields: ['projectId', 'location'] },
    { at: 'redshift', fields: ['host', 'database'] },
    { at: 'postgres', fields: ['host', 'database'] },
    { at: 'duckdb', fields: ['path'] },
    { at: '', fields: ['bookkeepingSchema'] },
  ],
  EngageSpace: [
    { at: '', fields: ['name'] },
    { at: 'destinations[]', fields: ['schemas.classic', 'schemas.storageActions'] },
  ],
  Activation: [
    { at: '', fields: ['spaceRef.name', 'destinationRef.name'] },
    { at: 'computation', fields: ['audience', 'computedTrait', 'journey'] },
    { at: '', fields: ['classic', 'storageActions'], presence: true },
    { at: 'storageActions', fields: ['table'] },
  ],
}

/** What to do about a change that is refused. */
export const remedy = (kind: Kind) => `set it back, or make a new ${kind}`

/** What an update changes that cannot change: the field, its old value and what to do. Empty where all is well. */
export function immutableViolations(before: EngageResource, after: EngageResource): string[] {
  return IMMUTABLE[before.kind].flatMap(({ at, fields, presence }) =>
    pairs(before.spec, after.spec, at).flatMap(([path, old, now]) =>
      fields.flatMap((field) => {
        const [oldValue, newValue] = [fieldOf(old, field), fieldOf(now, field)]
        const same = presence ? isFields(oldValue) === isFields(newValue) : oldValue === newValue
        if (same) return []
        const was = oldValue === undefined ? 'not set' : presence ? 'set' : JSON.stringify(oldValue)
        return [`${path}.${field} cannot be changed: it was ${was}; ${remedy(before.kind)}`]
      }),
    ),
  )
}

/** The objects at one place in both specs, where both have it. */
function pairs(before: Fields, after: Fields, at: string): [path: string, before: Fields, after: Fields][] {
  if (at === '') return [['spec', before, after]]
  if (!at.endsWith('[]')) {
    const [old, now] = [before[at], after[at]]
    return isFields(old) && isFields(now) ? [[`spec.${at}`, old, now]] : []
  }
  const list = at.slice(0, -2)
  const items = listOf(after[list]).filter(isFields)
  return listOf(before[list])
    .filter(isFields)
    .flatMap((old) => {
      const index = items.findIndex((item) => item.name === old.name)
      const now = items[index]
      return now ? [[`spec.${list}[${index}]`, old, now]] : []
    })
}

function fieldOf(fields: Fields, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isFields(value) ? value[key] : undefined), fields)
}
