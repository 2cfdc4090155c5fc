import type { Observed, Session, StageInput, Warehouse } from '../../src/warehouses/port.ts'

/** What a process that was killed meets. */
export class CutOff extends Error {}

/**
 * A warehouse whose client dies after so many statements: none gets through any more, those that clean up neither.
 * `spent` tells how many there were.
 */
export function cutOff(warehouse: Warehouse, statements: number): { warehouse: Warehouse; spent: () => number } {
  let spent = 0
  const spend = () => {
    if (spent >= statements) throw new CutOff('the client is gone')
    spent += 1
  }
  const connect: Warehouse['connect'] = async (signal) => new CutSession(await warehouse.connect(signal), spend)
  return { warehouse: { ...warehouse, connect }, spent: () => spent }
}

class CutSession implements Session {
  readonly #session: Session
  readonly #spend: () => void

  constructor(session: Session, spend: () => void) {
    this.#session = session
    this.#spend = spend
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
    this.#spend()
    return await this.#session.execute(sql)
  }

  transaction<T>(work: () => Promise<T>): Promise<T> {
    return this.#session.transaction(work)
  }

  async stage(input: StageInput): Promise<string> {
    this.#spend()
    return await this.#session.stage(input)
  }

  async dropStage(name: string): Promise<void> {
    this.#spend()
    await this.#session.dropStage(name)
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
