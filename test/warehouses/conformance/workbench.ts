import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { it } from 'vitest'
import { csvCell } from '../../../src/engage/csv.ts'
import type { Column, LogicalType, Table, TableName, TypedColumn } from '../../../src/model/table.ts'
import type { Change } from '../../../src/plan/change.ts'
import { statementsOf } from '../../../src/plan/ddl.ts'
import type { Dialect, Session, StagePart, Statement, Warehouse } from '../../../src/warehouses/port.ts'
import { notApplicable } from '../not-applicable.ts'

/** A warehouse under test, alone in its database unless it is shared. */
export interface Subject {
  warehouse: Warehouse
  /** Whether schemas are to be dropped again: others use the database too. */
  isShared?: true
  /** The names that schemas and tables may have, and columns; absent: any. */
  names?: { objects: RegExp; columns?: RegExp }
  /** How many times fewer runs properties get, where each takes seconds. Default: 1. */
  slow?: number
  tearDown(): Promise<void>
}

export type SetUp = () => Promise<Subject>

/** The suite for one warehouse. `gaps` has, by title, the cases that its test server gets wrong, each with the reason. */
export interface Suite {
  setUp: SetUp
  gaps: Readonly<Record<string, string>>
}

/** What a case is given. */
interface CaseContext {
  /** Ends a case that is about what this warehouse need not be able to do. */
  skip(condition: boolean, reason: string): void
}

/** `it` of a suite. A case in a gap must fail: a gap that the server no longer has is found out. */
export const casesOf =
  ({ gaps }: Suite) =>
  (title: string, work: (context: CaseContext) => Promise<void>): void => {
    const gap = gaps[title]
    const test = gap === undefined ? it : it.fails
    test(gap === undefined ? title : `${title} [gap: ${gap}]`, (context) =>
      work({ skip: (condition, reason) => notApplicable(context, condition, reason) }),
    )
  }

export type Row = Record<string, string | null>

/** A session of the warehouse under test, with the steps that tests are made of. */
export class Workbench {
  readonly warehouse: Warehouse
  readonly session: Session
  readonly #subject: Subject
  /** Schemas to drop. */
  readonly #schemas: string[] = []
  readonly names: { objects: RegExp; columns?: RegExp }
  readonly #directory: string
  /** Where stages are made. */
  stageSchema = ''
  #files = 0

  private constructor(subject: Subject, session: Session, directory: string) {
    this.warehouse = subject.warehouse
    this.#subject = subject
    this.names = subject.names ?? { objects: /^/ }
    this.session = session
    this.#directory = directory
  }

  static async open(setUp: SetUp): Promise<Workbench> {
    const subject = await setUp()
    const directory = await mkdtemp(path.join(tmpdir(), 'engageops-'))
    const bench = new Workbench(subject, await subject.warehouse.connect(), directory)
    bench.stageSchema = await bench.newSchema()
    return bench
  }

  async close(): Promise<void> {
    for (const schema of this.#subject.isShared ? this.#schemas : []) {
      await this.session.execute(`DROP SCHEMA IF EXISTS ${this.dialect.quote(schema)} CASCADE`)
    }
    await this.session.close()
    await this.#subject.tearDown()
    await rm(this.#directory, { recursive: true })
  }

  /** How often a property is tried. */
  runs(usual: number): number {
    return Math.ceil(usual / (this.#subject.slow ?? 1))
  }

  get dialect(): Dialect {
    return this.warehouse.dialect
  }

  apply(...changes: Change[]): Promise<void> {
    return this.applyIn(this.session, changes)
  }

  async applyIn(session: Session, changes: readonly Change[]): Promise<void> {
    for (const sql of statementsOf(this.dialect, changes)) await session.execute(sql)
  }

  /** A name that no schema has; whatever makes it, it is dropped in the end. */
  nameSchema(): string {
    const schema = `engageops_test_${randomUUID().slice(0, 8)}`
    this.#schemas.push(schema)
    return schema
  }

  async newSchema(): Promise<string> {
    const schema = this.nameSchema()
    await this.apply({ kind: 'CreateSchema', schema })
    return schema
  }

  /** Makes a table in a schema of its own. */
  async newTable(columns: Record<string, LogicalType>, key: string[] = []): Promise<Table> {
    const table = { schema: await this.newSchema(), name: 'things', key, columns: columnsOf(columns) }
    await this.apply({ kind: 'CreateTable', table })
    return table
  }

  /** Writes rows to a file as the sync does, and stages it. */
  async stage(columns: Record<string, LogicalType>, rows: readonly Row[]): Promise<string> {
    const names = Object.keys(columns)
    const parts = [await this.part(names, rows)]
    return this.session.stage({ schema: this.stageSchema, columns: typed(columns), parts })
  }

  async part(names: readonly string[], rows: readonly Row[]): Promise<StagePart> {
    this.#files += 1
    const file = path.join(this.#directory, `${this.#files}.csv`)
    const cell = (value: string | null | undefined) => (value === null || value === undefined ? '' : csvCell(value))
    const lines = rows.map((row) => `${names.map((name) => cell(row[name])).join(',')}\n`)
    await writeFile(file, lines.join(''))
    const longestLine = Math.max(0, ...lines.map((line) => Buffer.byteLength(line)))
    return { path: file, columns: [...names], rows: rows.length, longestLine }
  }

  /** Stages rows into a table and inserts them, whatever is there. */
  async insert(table: Table, rows: readonly Row[]): Promise<void> {
    const columns = Object.fromEntries(table.columns.map(({ name, type }) => [name, type]))
    const stage = await this.stage(columns, rows)
    const names = Object.keys(columns).map(this.dialect.quote).join(', ')
    await this.session.execute(`INSERT INTO ${this.dialect.table(table)} (${names}) SELECT ${names} FROM ${stage}`)
    await this.session.dropStage(stage)
  }

  /** Runs the statements of a merge in a transaction and returns how many rows they wrote. */
  async run(statements: readonly Statement[]): Promise<number> {
    return this.session.transaction(async () => {
      let rows = 0
      for (const { sql, counts } of statements) {
        const affected = await this.session.execute(sql)
        if (counts) rows += affected
      }
      return rows
    })
  }

  rows(table: TableName, columns: readonly string[], order = columns): Promise<Row[]> {
    const { quote } = this.dialect
    return this.session.query(
      `SELECT ${columns.map(quote).join(', ')} FROM ${this.dialect.table(table)} ORDER BY ${order.map(quote).join(', ')}`,
    )
  }
}

export const typed = (columns: Record<string, LogicalType>): TypedColumn[] =>
  Object.entries(columns).map(([name, type]) => ({ name, type }))

export const columnsOf = (columns: Record<string, LogicalType>): Column[] =>
  Object.entries(columns).map(([name, type]) => ({ name, type, origin: 'Inferred' }))
