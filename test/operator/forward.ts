import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server of this host from where pods are. */
export interface Forward extends AsyncDisposable {
  port: number
}

/** Forwards what comes in at an address of this host to a local port. */
export async function forward(host: string, to: number): Promise<Forward> {
  const open = new Set<Socket>()
  const server = createServer((incoming) => {
    const outgoing = connect(to, '127.0.0.1')
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => open.delete(one))
    }
  })
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
