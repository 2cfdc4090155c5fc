import { createHash } from 'node:crypto'
import type { StatusPlan } from '../model/status.ts'
import { isDestructive, type PlannedChange } from './change.ts'
import { type DdlDialect, statementsOf } from './ddl.ts'

/** Changes, and the SQL that makes them. Empty where nothing differs. */
export interface Plan {
  changes: readonly PlannedChange[]
  statements: readonly string[]
  /** 16 hex digits that stand for exactly these statements; an approval names them. */
  hash: string
  /** Whether data would be lost. */
  destructive: boolean
}

export function makePlan(changes: readonly PlannedChange[], dialect: DdlDialect): Plan {
  const statements = statementsOf(dialect, changes)
  return {
    changes,
    statements,
    hash: createHash('sha256').update(JSON.stringify(statements)).digest('hex').slice(0, 16),
    destructive: changes.some(isDestructive),
  }
}

const STATUS_BYTES = 8192

/** The plan as a status carries it: at most 8 KiB of SQL. Absent for an empty plan. */
export function statusPlan({ statements, hash, destructive }: Plan): StatusPlan | undefined {
  if (statements.length === 0) return undefined
  let bytes = 0
  const shown = statements.filter((sql) => {
    bytes += Buffer.byteLength(sql)
    return bytes <= STATUS_BYTES
  })
  return { hash, statements: shown, destructive }
}
