import type { Client } from 'pg'
import type { EngageError } from '../../model/errors.ts'
import type { RedshiftSettings } from '../../model/warehouse-block.ts'
import { observedOf } from '../observed.ts'
import { connect, connectionOptions } from '../pg/connection.ts'
import { PgSession } from '../pg/session.ts'
import type { Observed, Session, StageInput, StagePart, WarehouseEnvironment } from '../port.ts'
import { gzipped, StagingFolder } from '../staging/folder.ts'
import { SESSION_SETTINGS } from './config.ts'
import { dialect } from './dialect.ts'
import { isDone, toEngageError } from './errors.ts'
import { insertStatements } from './insert.ts'
import { observeQuery } from './introspect.ts'
import { type ColumnTypes, copyStatement, stageStatement } from './load.ts'
import { ndjson } from './ndjson.ts'

export async function openSession(
  settings: RedshiftSettings,
  environment: WarehouseEnvironment,
  signal?: AbortSignal,
): Promise<Session> {
  const explain = (error: unknown) => toEngageError(error, settings)
  const options = await connectionOptions(settings, environment)
  const client = await connect(options, SESSION_SETTINGS, explain, signal)
  return new RedshiftSession(client, explain, settings, environment)
}

class RedshiftSession extends PgSession {
  readonly #settings: RedshiftSettings
  readonly #environment: WarehouseEnvironment
  #stages = 0

  constructor(
    client: Client,
    explain: (error: unknown) => EngageError,
    settings: RedshiftSettings,
    environment: WarehouseEnvironment,
  ) {
    super(client, explain)
    this.#settings = settings
    this.#environment = environment
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

  /** Every file of the manifest must be there. */
  async #copy(stage: string, { s3Url, iamRole }: Staging, parts: StagePart[], types: ColumnTypes): Promise<void> {
    const place = { url: s3Url, field: 'spec.redshift.staging.s3Url' }
    await using folder = await StagingFolder.in(place, this.#environment)
    const entries = []
    for (const [number, part] of parts.entries()) {
      const url = await folder.put(`${number}.json.gz`, await gzipped(ndjson(part, types)))
      entries.push({ url, mandatory: true })
    }
    const manifest = await folder.put('manifest', JSON.stringify({ entries }))
    await this.execute(copyStatement(stage, { manifest, iamRole }))
  }
}

type Staging = NonNullable<RedshiftSettings['staging']>

/** COPY takes rows of 4 MB, and a line may grow to six times its length as JSON. In bytes. */
const LONGEST_COPIED = 512 << 10
