import type { Observed } from '../plan/observed.ts'
import type { Session, StageInput, Warehouse } from '../warehouses/port.ts'
import { NotLeading } from './fence.ts'

/**
 * A warehouse that this process writes to only while it leads. A process that was paused, and whose place another has
 * taken, finds out before its next statement (NotLeading); what was under way then fails on the epoch of the writer lease.
 */
export function fencedWarehouse(warehouse: Warehouse, held: () => boolean): Warehouse {
  return { ...warehouse, connect: async (signal) => new FencedSession(await warehouse.connect(signal), held) }
}

class FencedSession implements Session {
  readonly #session: Session
  readonly #held: () => boolean

  constructor(session: Session, held: () => boolean) {
    this.#session = session
    this.#held = held
  }

  serverVersion(): Promise<string> {
    return this.#session.serverVersion()
  }

  observe(schemas: readonly string[]): Promise<Observed> {
    return this.#session.observe(schemas)
  }

  query(sql: string): Promise<Record<string, string | null>[]> {
    return this.#session.query(sql)
  }

  async execute(sql: string): Promise<number> {
    this.#check()
    return await this.#session.execute(sql)
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    this.#check()
    return await this.#session.transaction(async () => {
      const result = await work()
      this.#check()
      return result
    })
  }

  async stage(input: StageInput): Promise<string> {
    this.#check()
    return await this.#session.stage(input)
  }

  dropStage(name: string): Promise<void> {
    return this.#session.dropStage(name)
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #check(): void {
    if (!this.#held()) throw new NotLeading()
  }
}
