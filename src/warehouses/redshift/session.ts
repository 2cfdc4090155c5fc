import type { Client } from 'pg'
import type { RedshiftSettings } from '../../model/destination.ts'
import type { EngageError } from '../../model/errors.ts'
import { observedOf } from '../observed.ts'
import { connect, connectionOptions } from '../pg/connection.ts'
import { PgSession } from '../pg/session.ts'
import type { Observed, Session, StageInput, StagePart, WarehouseEnvironment } from '../port.ts'
import { SESSION_SETTINGS } from './config.ts'
import { dialect } from './dialect.ts'
import { isDone, toEngageError } from './errors.ts'
import { insertStatements } from './insert.ts'
import { observeQuery } from './introspect.ts'
import { type ColumnTypes, copyStatement, stageStatement } from './load.ts'
import { type StagingSettings, uploadParts } from './staging.ts'

export async function openSession(
  settings: RedshiftSettings,
  environment: WarehouseEnvironment,
  signal?: AbortSignal,
): Promise<Session> {
  const explain = (error: unknown) => toEngageError(error, settings)
  const options = await connectionOptions(settings, environment)
  return new RedshiftSession(await connect(options, SESSION_SETTINGS, explain, signal), explain, settings)
}

class RedshiftSession extends PgSession {
  readonly #settings: RedshiftSettings
  #stages = 0

  constructor(client: Client, explain: (error: unknown) => EngageError, settings: RedshiftSettings) {
    super(client, explain)
    this.#settings = settings
  }

  async serverVersion(): Promise<string> {
    const [row] = await this.query('SELECT version() AS version')
    return /Redshift [\d.]+/.exec(row?.version ?? '')?.[0] ?? 'Redshift'
  }

  async observe(schemas: readonly string[]): Promise<Observed> {
    return observedOf(await this.query(observeQuery(schemas)), dialect)
  }

  /** In a transaction an error ends it, whatever we make of it. */
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
    const types = new Map(input.columns.map((column) => [column.name, column.type]))
    const parts = input.parts.filter((part) => part.rows > 0)
    const { staging } = this.#settings
    const copied = staging ? parts.filter((part) => part.longestLine <= LONGEST_COPIED) : []
    await this.execute(stageStatement(name, input))
    if (staging && copied.length > 0) await this.#copy(name, staging, copied, types)
    for (const part of parts.filter((one) => !copied.includes(one))) {
      for await (const sql of insertStatements(name, part, types)) await this.execute(sql)
    }
    return name
  }

  async #copy(stage: string, staging: StagingSettings, parts: StagePart[], types: ColumnTypes): Promise<void> {
    const { manifest, remove } = await uploadParts(staging, parts, types)
    try {
      await this.execute(copyStatement(stage, { manifest, iamRole: staging.iamRole }))
    } finally {
      await remove()
    }
  }
}

/** COPY takes rows of 4 MB, and a line may grow to six times its length as JSON. In bytes. */
const LONGEST_COPIED = 512 << 10
