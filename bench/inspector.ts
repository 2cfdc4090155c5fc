import { once } from 'node:events'
import { z } from 'zod'

const targets = z.array(z.object({ webSocketDebuggerUrl: z.url() }))

/** What a Node process started with `--inspect` keeps: seen through its inspector, after it has collected its garbage. */
export class Inspector implements Disposable {
  readonly #socket: WebSocket
  #calls = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
  }

  static async connect(port: number): Promise<Inspector> {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`)
    const [target] = targets.parse(await response.json())
    if (!target) throw new Error(`nothing to inspect at port ${port}`)
    const socket = new WebSocket(target.webSocketDebuggerUrl)
    await once(socket, 'open')
    return new Inspector(socket)
  }

  /** MiB of the heap that are in use once garbage is collected. */
  async heapInUse(): Promise<number> {
    await this.#call('HeapProfiler.collectGarbage')
    const { usedSize } = await this.#call('Runtime.getHeapUsage')
    return Number(usedSize) / 2 ** 20
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }

  async #call(method: string): Promise<Record<string, unknown>> {
    const id = ++this.#calls
    this.#socket.send(JSON.stringify({ id, method }))
    for (;;) {
      const [message] = await once(this.#socket, 'message')
      const answer = JSON.parse(message.data)
      if (answer.id === id) return answer.result
    }
  }
}
