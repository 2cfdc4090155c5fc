import { randomBytes } from 'node:crypto'
import { EngageError } from '../../model/errors.ts'
import type { StageInput, StagePart } from '../port.ts'
import { PROPERTIES } from './change.ts'
import { insertStatements } from './insert.ts'
import { tablesQuery } from './introspect.ts'
import { quote, sqlType, table } from './sql.ts'
import { Volume } from './volume.ts'

/** What loading needs of a session. */
export interface Statements {
  query(sql: string): Promise<Record<string, string | null>[]>
  execute(sql: string): Promise<number>
  /** Runs a statement that has the driver send, or remove, a file; `folder` is where local files may be. */
  move(sql: string, folder: string): Promise<void>
}

/** Stages and their files have the time of their birth in their names, so that what a lost client leaves can be found. */
const PREFIX = 'eo_stage_'
const DAY_MS = 24 * 3600_000

const stageName = (now: Date): string =>
  `${PREFIX}${now.toISOString().replace(/\D/g, '').slice(0, 14)}_${randomBytes(4).toString('hex')}`

/** Whether a name is that of a stage which is older than a day. */
export function isLeftover(name: string, now: Date): boolean {
  const time = /^eo_stage_(\d{14})_/.exec(name)?.[1]
  return time !== undefined && time < new Date(now.getTime() - DAY_MS).toISOString().replace(/\D/g, '').slice(0, 14)
}

/** Loads stage files into tables: through a volume, or in the text of statements. */
export class Loader {
  readonly #statements: Statements
  readonly #volume: Volume | undefined
  /** Schemas that were looked through for leftovers. */
  readonly #swept = new Set<string>()

  constructor(statements: Statements, stagingVolume: string | undefined) {
    this.#statements = statements
    this.#volume = stagingVolume === undefined ? undefined : new Volume(statements, stagingVolume)
  }

  async stage({ schema, columns, parts }: StageInput): Promise<string> {
    await this.#sweep(schema)
    const name = stageName(new Date())
    const stage = table({ schema, name })
    const definitions = columns.map((column) => `${quote(column.name)} ${sqlType(column.type)}`)
    await this.#statements.execute(`CREATE TABLE ${stage} (${definitions.join(', ')}) USING DELTA ${PROPERTIES}`)
    try {
      for (const alike of Map.groupBy(
        parts.filter(({ rows }) => rows > 0),
        layoutOf,
      ).values()) {
        const loaded = this.#volume
          ? await this.#volume.copy({ stage, name, columns, parts: alike })
          : await this.#insert(stage, columns, alike)
        checkRows(alike, loaded)
      }
      return stage
    } catch (error) {
      await this.#statements.execute(`DROP TABLE IF EXISTS ${stage}`).catch(() => undefined)
      throw error
    }
  }

  async #insert(stage: string, columns: StageInput['columns'], parts: readonly StagePart[]): Promise<number> {
    let rows = 0
    for (const part of parts) {
      for await (const sql of insertStatements(stage, columns, part)) rows += await this.#statements.execute(sql)
    }
    return rows
  }

  /**
   * Drops what clients that were lost have left behind, once a session, as far as it may: what another principal made needs
   * its owner.
   */
  async #sweep(schema: string): Promise<void> {
    if (this.#swept.has(schema)) return
    this.#swept.add(schema)
    const now = new Date()
    for (const { table_name: name } of await this.#statements.query(tablesQuery(schema, PREFIX))) {
      if (!name || !isLeftover(name, now)) continue
      await this.#statements.execute(`DROP TABLE IF EXISTS ${table({ schema, name })}`).catch(() => undefined)
    }
    await this.#volume?.sweep((name) => isLeftover(name, now))
  }
}

const layoutOf = ({ columns }: StagePart): string => JSON.stringify(columns)

/** A file that the warehouse reads otherwise than it was written must not pass. */
function checkRows(parts: readonly StagePart[], loaded: number): void {
  const expected = parts.reduce((sum, { rows }) => sum + rows, 0)
  if (loaded === expected) return
  throw new EngageError(
    'WarehouseError',
    'Stalled',
    `${loaded} rows of ${expected} were loaded into a stage: the warehouse read its files otherwise than they were written`,
  )
}
