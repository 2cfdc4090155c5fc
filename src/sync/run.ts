import { isUtf8 } from 'node:buffer'
import { Converter, type Finding, type LinePlace } from '../engage/convert.ts'
import { type PreparedMapping, prepareMapping } from '../engage/mapping.ts'
import type { Subscription } from '../engage/route.ts'
import { EngageError } from '../model/errors.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { acquireLease, type Lease, runLeaseSeconds } from '../warehouses/lease.ts'
import { END, type Progress } from './checkpoints.ts'
import { type CommitContext, type Committed, Committer, type Segment } from './commit.ts'
import { contentOf, endOf, isCall } from './content.ts'
import { type DiscardedCall, Discards } from './discards.ts'
import { insertRows, jsonList, type LedgerRow } from './ledger.ts'
import { LineSplitter } from './lines.ts'
import { isWholeTable, lanePolicy, leftOutBy } from './policy.ts'
import { type CollectionReport, type Notices, statusOf } from './report.ts'
import { StageFiles, StageWriter } from './stage-writer.ts'
import { readState } from './state.ts'
import type { SyncInput, Work } from './sync.ts'

/** Identify calls that may wait to be merged into users. */
const PENDING_USERS = 500_000
/** A source is refused when this many of an object's lines, and most of them, are no calls. */
const GARBAGE_LINES = 1000

/** What a run needs, whatever it reads. */
export interface RunOptions extends Omit<SyncInput, 'sources' | 'mirror'> {
  /** Told of each discard, by its key: see discardKey. */
  onDiscard?: (key: string) => void
  /** Told of each column that the call being converted has a value for and a table no room. */
  onOverflow?: (column: string) => void
}

export interface RunInput extends RunOptions {
  now: () => Date
  runId: string
  notices: Notices
  /** Folder for the stage files of this run. */
  directory: string
}

/**
 * A run with a session open: it converts calls into stage files, and commits them segment by segment. While one segment
 * is committed, the next is being converted: the warehouse and this process work side by side.
 */
export class Run {
  readonly #input: RunInput
  readonly #context: CommitContext
  readonly #committer: Committer
  readonly #converter: Converter
  readonly #files: StageFiles
  readonly #discards: Discards
  readonly #writers: Map<string, StageWriter>
  readonly #collections = new Map<string, CollectionReport>()
  readonly #progress = new Map<string, Progress>()
  #commit: Promise<void> = Promise.resolve()
  #failure: unknown
  bytes = 0

  private constructor(input: RunInput, context: CommitContext, mappings: ReadonlyMap<string, PreparedMapping>) {
    this.#input = input
    this.#context = context
    this.#committer = new Committer(context)
    const files = new StageFiles(input.directory)
    this.#files = files
    this.#discards = new Discards(files, input.order.scope, input.runId)
    this.#writers = new Map()
    const writers = this.#writers
    const { catalog, isLeftOut, order } = context
    this.#converter = new Converter({
      order,
      mappings,
      columnsOf: (targets) => catalog.laneColumns(targets),
      policyOf: (targets) => lanePolicy(order, input.warehouse, catalog, isLeftOut, targets),
      sinkOf: (name) => {
        const writer = new StageWriter(files, String(writers.size))
        writers.set(name, writer)
        return writer.write
      },
      isDisabled: (table) => order.selectiveSync.some((rule) => isWholeTable(rule) && rule.collection === table),
      onFinding: (finding) => this.#onFinding(finding),
      onOverflow: (column) => input.onOverflow?.(column),
    })
  }

  /** Connects, takes the writer lease and reads what the warehouse holds. */
  static async open(input: RunInput): Promise<Run> {
    const { warehouse, notices } = input
    const mappings = mappingsOf(input.order, notices)
    const order = withoutUnmapped(input.order, mappings)
    const session = await warehouse.connect(input.signal)
    let lease: Lease | undefined
    try {
      lease = await acquireLease(session, warehouse, {
        table: bookkeepingTable(order.bookkeepingSchema, 'leases'),
        scope: order.scope,
        holder: input.holder,
        seconds: runLeaseSeconds(warehouse.capabilities),
        now: input.now,
      })
      const { catalog, checkpoints } = await readState(session, warehouse, order)
      const context: CommitContext = {
        session,
        warehouse,
        order,
        catalog,
        checkpoints,
        lease,
        runId: input.runId,
        now: input.now,
        isLeftOut: leftOutBy(order.selectiveSync),
      }
      return new Run(input, context, mappings)
    } catch (error) {
      await lease?.release().catch(() => undefined)
      await session.close()
      throw error
    }
  }

  /** Whether all activations are loaded: one whose mapping cannot be applied is not, and waits. */
  get isWhole(): boolean {
    return this.#context.order.storageActions.length === this.#input.order.storageActions.length
  }

  get calls(): number {
    return this.#converter.counts.calls
  }

  get unrouted(): number {
    return this.#converter.counts.unrouted
  }

  collections(): CollectionReport[] {
    for (const [table, discards] of this.#discards.counts) if (table !== '') this.#collection(table).discards = discards
    const { notices } = this.#input
    return [...this.#collections.values()].map((report) => ({ ...report, notices: notices.of(report.collection) }))
  }

  /**
   * Reads all objects; one that cannot be read does not stop the others, and counts as not read. Not complete when that
   * was so or when it was told to stop before the end.
   */
  async read(work: readonly Work[]): Promise<{ complete: boolean; unreadable?: EngageError }> {
    let unreadable: EngageError | undefined
    const totalBytes = work.reduce((sum, { object }) => sum + object.bytes, 0)
    await this.#skipOld(work)
    for (const item of work) {
      try {
        await this.#readObject(item, totalBytes)
      } catch (error) {
        if (!isUnreadable(error)) throw error
        if (this.#input.signal?.aborted) return { complete: false }
        this.#input.notices.say('Error', `${error.reason}: ${error.message}`)
        unreadable ??= error
      }
      if (this.#input.signal?.aborted) return { complete: false, ...(unreadable ? { unreadable } : {}) }
    }
    return unreadable ? { complete: false, unreadable } : { complete: true }
  }

  /** Converts a call once more that was discarded, for the subscriptions that are due. */
  async again(call: DiscardedCall, isDue: (subscription: number) => boolean): Promise<void> {
    const { source, object, version, position, line, bytes } = call
    const { firstSeen = this.#input.now().toISOString() } = this.#context.checkpoints.of(source, object, version) ?? {}
    const reached = Float64Array.from(this.#converter.router.subscriptions, (_, number) => (isDue(number) ? 0 : END))
    const at = line === undefined ? {} : { line }
    this.#converter.convert(bytes.toString(), { source, object, version, position, ...at, bytes, reached, firstSeen })
    await this.#cutIfFull()
  }

  get subscriptions(): readonly Subscription[] {
    return this.#converter.router.subscriptions
  }

  /** Commits what is left and writes the run into the ledger. */
  async finish(start: string): Promise<void> {
    await this.#cut()
    await this.#settled()
    this.#count(await this.#committer.mergeUsers())
    const { unrouted, otherTypes } = this.#converter.counts
    if (unrouted > 0) this.#input.notices.say('Info', 'calls of no computation of this space', unrouted)
    if (otherTypes > 0) this.#input.notices.say('Info', 'calls that are neither identify nor track', otherTypes)
    await this.#record(start)
  }

  /** Writes a run that failed into the ledger, where the session still can: the error that ended it counts. */
  async recordFailure(start: string): Promise<void> {
    await this.#commit
    const until = this.#context.lease.keptUntil?.toISOString()
    if (until !== undefined) {
      this.#input.notices.say('Info', `a statement got no answer and may still run: the next run waits until ${until}`)
    }
    await this.#record(start).catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.#commit
    this.#files[Symbol.dispose]()
    const { session, lease } = this.#context
    try {
      await lease.release()
    } catch {
      // A lease that cannot be given back expires.
    } finally {
      await session.close()
    }
  }

  async #readObject(work: Work, totalBytes: number): Promise<void> {
    const { source, object } = work
    const content = await contentOf(work, this.#context.checkpoints)
    const { version, firstSeen = this.#input.now().toISOString() } = content
    const { reached = new Float64Array(this.#converter.router.subscriptions.length) } = content
    const from = reached.length === 0 ? END : reached.reduce((a, b) => Math.min(a, b))
    if (from >= (object.growing ? object.bytes : END)) return
    if (content.rewritten) {
      this.#input.notices.say('Info', `${object.key}: the file was rewritten, and is read again from its start`)
    }

    const splitter = new LineSplitter(from)
    const place: LinePlace = {
      source: source.name,
      object: object.key,
      version,
      position: from,
      bytes: EMPTY,
      reached,
      firstSeen,
    }
    const progress: Progress = { source: source.name, object: object.key, version, position: from, firstSeen }
    const key = JSON.stringify([source.name, object.key, version])
    const garbageBefore = this.#converter.counts.garbage
    const onLine = (bytes: Buffer, start: number): void => {
      place.position = start
      place.bytes = bytes
      if (from === 0) place.line = splitter.lines
      const text = bytes.toString()
      if (text.includes('\ufffd') && !isUtf8(bytes)) this.#input.notices.add('', '', 'InvalidUnicode', false)
      this.#converter.convert(text, place)
    }
    const afterPiece = async () => {
      progress.position = splitter.position
      this.#progress.set(key, progress)
      const garbage = this.#converter.counts.garbage - garbageBefore
      if (garbage >= GARBAGE_LINES && garbage * 2 > splitter.lines) {
        this.#progress.delete(key)
        throw new EngageError(
          'SourceUnreadable',
          'Stalled',
          `source ${source.name}: ${garbage} of the first ${splitter.lines} lines of ${object.key} are no calls (one JSON object a line is expected)`,
        )
      }
      this.#input.onProgress?.({ calls: this.calls, bytes: this.bytes, totalBytes })
      await this.#cutIfFull()
    }
    for await (const piece of source.open(object, from)) {
      this.bytes += piece.length
      splitter.push(piece, onLine)
      await afterPiece()
      if (this.#input.signal?.aborted) return
    }
    if (object.growing) {
      splitter.finish(onLine, isCall)
      if (splitter.waiting)
        this.#input.notices.say('Info', `${object.key}: the last line has no line end yet and waits`)
    } else {
      splitter.finish(onLine)
      splitter.position = END
    }
    await afterPiece()
  }

  /**
   * Lets new subscriptions without backfill start behind all that is there. Before the first object is read: what is
   * recorded later would be missing when the run is cut off, and the subscription would not be new any more.
   */
  async #skipOld(work: readonly Work[]): Promise<void> {
    const { checkpoints } = this.#context
    const skipped = this.#converter.router.subscriptions.flatMap(({ backfill }, number) =>
      backfill === 'None' && checkpoints.isNew(number) ? [number] : [],
    )
    if (skipped.length === 0) return
    const firstSeen = this.#input.now().toISOString()
    const ends: Progress[] = []
    for (const item of work) {
      try {
        const { version } = await contentOf(item, checkpoints)
        const position = await endOf(item)
        ends.push({ source: item.source.name, object: item.object.key, version, position, firstSeen })
      } catch (error) {
        // It is met again when the object is read, and told there.
        if (!isUnreadable(error)) throw error
      }
    }
    checkpoints.skip(skipped, ends)
  }

  async #cutIfFull(): Promise<void> {
    const { segmentBytes, warehouse } = this.#input
    if (this.#staged() >= (segmentBytes ?? warehouse.capabilities.segmentBytes)) await this.#cut()
    if (this.#failure !== undefined) throw this.#failure
  }

  #staged(): number {
    let sum = 0
    for (const writer of this.#writers.values()) sum += writer.bytes
    return sum
  }

  /** Closes the current segment and starts its commit, when the one before is through. */
  async #cut(): Promise<void> {
    await this.#settled()
    const segment = this.#take()
    this.#commit = this.#commitOne(segment).catch((error: unknown) => {
      this.#failure = error
    })
  }

  async #settled(): Promise<void> {
    await this.#commit
    if (this.#failure !== undefined) throw this.#failure
  }

  #take(): Segment {
    this.#converter.flush()
    const stages = [...this.#converter.outputs].flatMap(([name, { lane, targets }]) => {
      const fed = lane.takeFed()
      const parts = this.#writers.get(name)?.take() ?? []
      if (parts.length === 0) return []
      const columns = lane.columns.map((column) => ({ ...column }))
      for (const column of lane.columns) if (column.neededBy !== 0) column.stored = column.type
      return [{ targets, fed, columns, parts }]
    })
    const progress = [...this.#progress.values()].map((entry) => ({ ...entry }))
    this.#progress.clear()
    return { stages, discards: this.#discards.take(), progress }
  }

  async #commitOne(segment: Segment): Promise<void> {
    await this.#context.lease.renew()
    this.#count(await this.#committer.commit(segment))
    if (this.#committer.pendingRows >= PENDING_USERS) this.#count(await this.#committer.mergeUsers())
  }

  #count({ rows, newColumns }: Committed): void {
    for (const [table, count] of rows) this.#collection(table).rows += count
    for (const [table, columns] of newColumns) this.#collection(table).newColumns.push(...columns)
  }

  async #record(start: string): Promise<void> {
    const { session, warehouse, order } = this.#context
    const { runId, notices } = this.#input
    const reports = this.collections()
    const rows = reports.reduce((sum, report) => sum + report.rows, 0)
    const whole: CollectionReport = {
      collection: '*',
      rows,
      discards: [...this.#discards.counts.values()].reduce((a, b) => a + b, 0),
      newColumns: [],
      notices: notices.all(),
    }
    const { maxTextBytes } = warehouse.capabilities
    const row = (report: CollectionReport): LedgerRow => ({
      run_id: runId,
      scope: order.scope,
      collection: report.collection,
      started_at: start,
      ended_at: this.#input.now().toISOString(),
      status: statusOf(report.rows, report.notices),
      row_count: String(report.rows),
      discard_count: String(report.discards),
      new_columns: jsonList(report.newColumns, maxTextBytes),
      notices: jsonList(report.notices, maxTextBytes),
    })
    const statements = insertRows(
      warehouse.dialect,
      bookkeepingTable(order.bookkeepingSchema, 'runs'),
      [whole, ...reports].map(row),
    )
    for (const sql of statements) await session.execute(sql)
  }

  #onFinding(finding: Finding): void {
    this.#input.notices.add(finding.table, finding.column, finding.note, finding.keep)
    if (!finding.keep) return
    const key = this.#discards.add(finding, this.#input.now().toISOString())
    this.#input.onDiscard?.(key)
  }

  #collection(table: string): CollectionReport {
    const known = this.#collections.get(table)
    if (known) return known
    const report: CollectionReport = { collection: table, rows: 0, discards: 0, newColumns: [], notices: [] }
    this.#collections.set(table, report)
    return report
  }
}

const EMPTY = Buffer.alloc(0)

/** The mappings of the storage actions that have a valid one; of the others the run tells why they are left out. */
function mappingsOf(order: WorkOrder, notices: Notices): Map<string, PreparedMapping> {
  const mappings = new Map<string, PreparedMapping>()
  for (const { name, mapping } of order.storageActions) {
    try {
      mappings.set(name, prepareMapping(mapping))
    } catch (error) {
      if (!(error instanceof EngageError)) throw error
      notices.say('Error', `Activation ${name} is left out: ${error.reason}: ${error.message}`)
    }
  }
  return mappings
}

/** Without them nothing is recorded of such activations: mended, they go on where they stood. */
const withoutUnmapped = (order: WorkOrder, mappings: ReadonlyMap<string, PreparedMapping>): WorkOrder => ({
  ...order,
  storageActions: order.storageActions.filter(({ name }) => mappings.has(name)),
})

const isUnreadable = (error: unknown): error is EngageError =>
  error instanceof EngageError && error.reason === 'SourceUnreadable'
