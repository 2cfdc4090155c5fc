import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a local port that can be cut, hushed and mended, and counts who comes. */
export class BreakableForward implements AsyncDisposable {
  readonly port: number
  /** Connections that were asked for so far, also while it was cut. */
  attempts = 0
  readonly #server: Server
  readonly #open = new Set<Socket>()
  #isCut = false
  #isHushed = false

  private constructor(server: Server, port: number, to: number) {
    this.#server = server
    this.port = port
    server.on('connection', (incoming) => this.#forward(incoming, to))
  }

  static async to(to: number): Promise<BreakableForward> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
    return new BreakableForward(server, address.port, to)
  }

  /** Ends all connections; new ones are reset at once. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#open) socket.resetAndDestroy()
  }

  /** Says nothing more: connections stay open and new ones are taken, but nothing goes through. */
  hush(): void {
    this.#isHushed = true
    for (const socket of this.#open) {
      socket.unpipe()
      socket.pause()
    }
  }

  /** Lets new connections through; those that were hushed are ended. */
  mend(): void {
    if (this.#isHushed) for (const socket of this.#open) socket.resetAndDestroy()
    this.#isCut = false
    this.#isHushed = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #forward(incoming: Socket, to: number): void {
    this.attempts += 1
    incoming.on('error', () => undefined)
    if (this.#isCut) {
      incoming.resetAndDestroy()
      return
    }
    if (this.#isHushed) {
      this.#open.add(incoming)
      incoming.on('close', () => this.#open.delete(incoming))
      return
    }
    const outgoing = connect(to, '127.0.0.1')
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      this.#open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        this.#open.delete(one)
        other.destroy()
      })
    }
  }
}
