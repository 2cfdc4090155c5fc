import type { PostgresSettings } from '../../model/warehouse-block.ts'
import { observedOf } from '../observed.ts'
import { connect, connectionOptions } from '../pg/connection.ts'
import { PgSession } from '../pg/session.ts'
import type { Observed, Session, StageInput, WarehouseEnvironment } from '../port.ts'
import { SESSION_SETTINGS } from './config.ts'
import { dialect } from './dialect.ts'
import { toEngageError } from './errors.ts'
import { observeQuery } from './introspect.ts'
import { analyzeStatement, copyPart, stageStatement } from './load.ts'

export async function openSession(
  settings: PostgresSettings,
  environment: WarehouseEnvironment,
  signal?: AbortSignal,
): Promise<Session> {
  const explain = (error: unknown) => toEngageError(error, settings)
  const options = await connectionOptions(settings, environment)
  return new PostgresSession(await connect(options, SESSION_SETTINGS, explain, signal), explain)
}

class PostgresSession extends PgSession {
  #stages = 0

  async serverVersion(): Promise<string> {
    const [row] = await this.query("SELECT current_setting('server_version') AS version")
    return `PostgreSQL ${row?.version ?? ''}`
  }

  async observe(schemas: readonly string[]): Promise<Observed> {
    return observedOf(await this.query(observeQuery(schemas)), dialect)
  }

  async stage(input: StageInput): Promise<string> {
    this.#stages += 1
    const name = `pg_temp.${dialect.quote(`eo_stage_${this.#stages}`)}`
    await this.execute(stageStatement(name, input))
    for (const part of input.parts) await this.run(() => copyPart(this.client, name, part))
    await this.execute(analyzeStatement(name, input))
    return name
  }
}
