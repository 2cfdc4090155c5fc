import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngageResource } from '../../src/model/kinds.ts'
import type { Condition } from '../../src/model/status.ts'
import { type WarehouseBlock, warehouseOf } from '../../src/model/warehouse-block.ts'
import { reconcileActivation } from '../../src/reconcile/activation.ts'
import { type ReconcileContext, readResources } from '../../src/reconcile/context.ts'
import { reconcileDestination } from '../../src/reconcile/destination.ts'
import { reconcileSpace, type SchemaOutcome } from '../../src/reconcile/space.ts'
import type { ResourceStore } from '../../src/reconcile/store.ts'
import type { Session, Warehouse } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'

/** Resources in memory, as an API server would keep them. */
export class MemoryStore implements ResourceStore {
  readonly resources = new Map<string, EngageResource>()
  /** `Kind/name` of every status that was written. */
  readonly written: string[] = []
  readonly events: string[] = []
  /** Called before a status is written: may throw, as a crash would. */
  beforeStatus: (resource: EngageResource) => void = () => undefined

  constructor(resources: readonly EngageResource[]) {
    this.put(...resources)
  }

  put(...resources: readonly EngageResource[]): void {
    for (const resource of resources) {
      const before = this.resources.get(idOf(resource))
      this.resources.set(idOf(resource), withStatus(resource, before))
    }
  }

  get(id: string): EngageResource {
    const resource = this.resources.get(id)
    if (!resource) throw new Error(`there is no ${id}`)
    return resource
  }

  remove(id: string): void {
    this.resources.delete(id)
  }

  destinations = async () => [...this.resources.values()].filter((resource) => resource.kind === 'WarehouseDestination')
  spaces = async () => [...this.resources.values()].filter((resource) => resource.kind === 'EngageSpace')
  activations = async () => [...this.resources.values()].filter((resource) => resource.kind === 'Activation')

  async writeStatus(resource: EngageResource): Promise<void> {
    this.beforeStatus(resource)
    this.written.push(idOf(resource))
    // As of the status subresource: nothing but the status is written.
    this.resources.set(idOf(resource), { ...resource, metadata: this.get(idOf(resource)).metadata })
  }

  async setFinalizer(resource: EngageResource, present: boolean): Promise<void> {
    const { finalizers: _, ...metadata } = this.get(idOf(resource)).metadata
    if (!present && metadata.deletionTimestamp !== undefined) this.remove(idOf(resource))
    else {
      const next = present ? { ...metadata, finalizers: ['engageops.dev/warehouse'] } : metadata
      this.resources.set(idOf(resource), { ...this.get(idOf(resource)), metadata: next })
    }
  }

  /** The value of every secret. */
  password = ''

  async secret(): Promise<string> {
    return this.password
  }

  async event(resource: EngageResource, type: string, reason: string): Promise<void> {
    this.events.push(`${idOf(resource)} ${type} ${reason}`)
  }
}

const idOf = ({ kind, metadata }: EngageResource): string => `${kind}/${metadata.name}`

function withStatus(resource: EngageResource, before: EngageResource | undefined): EngageResource {
  if (!before || resource.status) return resource
  const { finalizers } = before.metadata
  const metadata = { ...(finalizers && { finalizers }), ...resource.metadata }
  switch (resource.kind) {
    case 'WarehouseDestination':
      return { ...resource, metadata, ...(before.kind === resource.kind && before.status && { status: before.status }) }
    case 'EngageSpace':
      return { ...resource, metadata, ...(before.kind === resource.kind && before.status && { status: before.status }) }
    case 'Activation':
      return { ...resource, metadata, ...(before.kind === resource.kind && before.status && { status: before.status }) }
  }
}

/** Real warehouses in a folder of their own, with every statement that is not a query written down. */
export class World implements AsyncDisposable {
  readonly store: MemoryStore
  readonly dir: string
  readonly context: ReconcileContext
  readonly statements: string[] = []
  sessions = 0
  now = new Date('2026-11-24T12:00:00Z')
  /** Called before a statement: may throw, as a lost connection would. */
  beforeStatement: (sql: string) => void = () => undefined

  readonly #block: WarehouseBlock

  private constructor(dir: string, resources: readonly EngageResource[]) {
    this.dir = dir
    const destination = resources.find((resource) => resource.kind === 'WarehouseDestination')
    this.#block = destination
      ? warehouseOf(destination.spec)
      : { kind: 'duckdb', settings: { path: 'warehouse.duckdb' } }
    this.store = new MemoryStore(resources)
    this.context = {
      store: this.store,
      installationId: 'here',
      mode: 'Local',
      openWarehouse: async (block, environment) => this.#recorded(await openWarehouse(block, environment)),
      baseDirOf: () => dir,
      holder: 'test',
      now: () => this.now,
    }
  }

  static async of(...resources: readonly EngageResource[]): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), 'engageops-world-')), resources)
  }

  /** Brings everything to what was declared, as the operator and the local mode do. */
  async reconcile(context = this.context): Promise<void> {
    const { store } = this
    for (const destination of await store.destinations()) {
      await reconcileDestination(context, destination, await readResources(store))
    }
    const outcomes = new Map<string, SchemaOutcome>()
    for (const space of await store.spaces()) {
      for (const outcome of await reconcileSpace(context, space, await readResources(store))) {
        outcomes.set(`${space.metadata.name}/${outcome.destination}`, outcome)
      }
    }
    const resources = await readResources(store)
    for (const activation of resources.activations) {
      const { spaceRef, destinationRef } = activation.spec
      const outcome = outcomes.get(`${spaceRef.name}/${destinationRef.name}`)
      await reconcileActivation(context, activation, resources, outcome)
    }
  }

  /** `status reason` of a condition, such as `True Ready`. */
  condition(id: string, type = 'Ready'): string {
    const found = this.#condition(id, type)
    return found ? `${found.status} ${found.reason}` : 'absent'
  }

  message(id: string, type = 'Ready'): string {
    return this.#condition(id, type)?.message ?? ''
  }

  #condition(id: string, type: string): Condition | undefined {
    return this.store.get(id).status?.conditions.find((condition) => condition.type === type)
  }

  /** What somebody else does in the warehouse. */
  async sql(...statements: string[]): Promise<void> {
    await using session = await this.session()
    for (const sql of statements) await session.execute(sql)
  }

  async query(sql: string): Promise<Record<string, string | null>[]> {
    await using session = await this.session()
    return await session.query(sql)
  }

  async columns(schema: string, table: string): Promise<string[] | undefined> {
    await using session = await this.session()
    const { tables } = await session.observe([schema])
    return tables.find(({ name }) => name === table)?.columns.map(({ name }) => name)
  }

  /** A session that is not recorded. */
  async session(): Promise<Session> {
    const environment = { baseDir: this.dir, secret: () => this.store.secret() }
    return (await openWarehouse(this.#block, environment)).connect()
  }

  #recorded(warehouse: Warehouse): Warehouse {
    return {
      ...warehouse,
      connect: async (signal) => {
        this.sessions++
        const session = await warehouse.connect(signal)
        const execute = async (sql: string) => {
          this.beforeStatement(sql)
          this.statements.push(sql)
          return session.execute(sql)
        }
        return new Proxy(session, {
          get: (target, property) => {
            if (property === 'execute') return execute
            const value: unknown = Reflect.get(target, property, target)
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true })
  }
}
