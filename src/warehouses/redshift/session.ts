import type { RedshiftSettings } from '../../model/destination.ts'
import { EngageError } from '../../model/errors.ts'
import { observedOf } from '../observed.ts'
import { connect, connectionOptions } from '../pg/connection.ts'
import { PgSession } from '../pg/session.ts'
import type { Observed, Session, StageInput, WarehouseEnvironment } from '../port.ts'
import { SESSION_SETTINGS } from './config.ts'
import { dialect } from './dialect.ts'
import { DUPLICATE_COLUMN, toEngageError, UNDEFINED_COLUMN } from './errors.ts'
import { insertStatements } from './insert.ts'
import { observeQuery } from './introspect.ts'

export async function openSession(
  settings: RedshiftSettings,
  environment: WarehouseEnvironment,
  signal?: AbortSignal,
): Promise<Session> {
  const explain = (error: unknown) => toEngageError(error, settings)
  const options = await connectionOptions(settings, environment)
  return new RedshiftSession(await connect(options, SESSION_SETTINGS, explain, signal), explain)
}

class RedshiftSession extends PgSession {
  #stages = 0

  async serverVersion(): Promise<string> {
    const [row] = await this.query('SELECT version() AS version')
    return row?.version ?? ''
  }

  async observe(schemas: readonly string[]): Promise<Observed> {
    return observedOf(await this.query(observeQuery(schemas)), dialect)
  }

  /** Adding a column that is there has nothing left to do, nor has dropping one that is not: SQL has no word for it here. */
  override async execute(sql: string): Promise<number> {
    try {
      return await super.execute(sql)
    } catch (error) {
      if (!this.inTransaction && isDone(sql, error)) return 0
      throw error
    }
  }

  async stage(input: StageInput): Promise<string> {
    this.#stages += 1
    const name = dialect.quote(`eo_stage_${this.#stages}`)
    const columns = input.columns.map(({ name: column, type }) => `${dialect.quote(column)} ${dialect.sqlType(type)}`)
    await this.execute(`CREATE TEMP TABLE ${name} (${columns.join(', ')})`)
    for (const part of input.parts) {
      for await (const sql of insertStatements(name, input, part)) await this.execute(sql)
    }
    return name
  }
}

const ADDS = /^ALTER TABLE (?:"(?:[^"]|"")*"\.?)+ ADD COLUMN/
const DROPS = /^ALTER TABLE (?:"(?:[^"]|"")*"\.?)+ DROP COLUMN/

function isDone(sql: string, error: unknown): boolean {
  const cause = error instanceof EngageError ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return (code === DUPLICATE_COLUMN && ADDS.test(sql)) || (code === UNDEFINED_COLUMN && DROPS.test(sql))
}
