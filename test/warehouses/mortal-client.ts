import type { Session, Warehouse } from '../../src/warehouses/port.ts'
import type { openWarehouse } from '../../src/warehouses/registry.ts'

/**
 * A client that dies after so many statements that may change something: none gets through any more, those that clean up
 * neither.
 */
export class MortalClient {
  /** How many there were. */
  spent = 0
  readonly #statements: number

  constructor(statements = Number.POSITIVE_INFINITY) {
    this.#statements = statements
  }

  /** A warehouse as this client uses it. */
  of(warehouse: Warehouse): Warehouse {
    return { ...warehouse, connect: async (signal) => this.#session(await warehouse.connect(signal)) }
  }

  /** Any warehouse as this client uses it. */
  opening(open: typeof openWarehouse): typeof openWarehouse {
    return async (...given) => this.of(await open(...given))
  }

  #session(session: Session): Session {
    const spend = async <T>(statement: () => Promise<T>): Promise<T> => {
      if (this.spent >= this.#statements) throw new Error('the client is gone')
      this.spent += 1
      return await statement()
    }
    return {
      serverVersion: () => session.serverVersion(),
      observe: (schemas) => session.observe(schemas),
      query: (sql) => session.query(sql),
      execute: (sql) => spend(() => session.execute(sql)),
      transaction: (work) => session.transaction(work),
      stage: (input) => spend(() => session.stage(input)),
      dropStage: (name) => spend(() => session.dropStage(name)),
      close: () => session.close(),
      [Symbol.asyncDispose]: () => session.close(),
    }
  }
}
