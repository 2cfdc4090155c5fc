import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Stands between a client and an S3 server: it counts requests, and breaks off answers. */
export class S3Proxy {
  readonly #server: Server
  /** `GET /bucket/key` or `GET /bucket?list-type=2&...`, with the range asked for, in order. */
  readonly requests: string[] = []
  /** Breaks off each of the next answers to requests for an object, behind so many bytes of its body. */
  readonly breaks: number[] = []

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(port: number): Promise<S3Proxy> {
    const server = createServer()
    const proxy = new S3Proxy(server)
    server.on('request', (incoming, outgoing) => {
      const { method = '', url = '', headers } = incoming
      proxy.requests.push([method, decodeURIComponent(url), headers.range].filter((part) => part).join(' '))
      const forward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        const breakAt = url.includes('list-type') ? undefined : proxy.breaks.shift()
        let left = breakAt ?? Number.POSITIVE_INFINITY
        if (left === 0) {
          outgoing.flushHeaders()
          outgoing.socket?.end()
        }
        answer.on('data', (piece: Buffer) => {
          if (left <= 0) return
          outgoing.write(piece.subarray(0, left), () => {
            if (left <= 0) outgoing.destroy()
          })
          left -= piece.length
        })
        answer.on('end', () => {
          if (left > 0) outgoing.end()
        })
      })
      forward.on('error', () => outgoing.destroy())
      incoming.pipe(forward)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  lists(): string[] {
    return this.requests.filter((line) => line.includes('list-type=2'))
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }
}
