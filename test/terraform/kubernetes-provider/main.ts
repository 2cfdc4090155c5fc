// A provider as Terraform starts one: it says on standard output where it listens, and serves until it is told to end.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js'
import { selfSigned } from './certificate.ts'
import { PROTOCOL_VERSION, type WireCall, wireCalls } from './protocol.ts'
import { kubernetesProvider } from './provider.ts'

const COOKIE = 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2'
const MAX_MESSAGE = 256 << 20

if (process.env.TF_PLUGIN_MAGIC_COOKIE !== COOKIE) {
  console.error('This is a provider for Terraform, which starts it.')
  process.exit(1)
}

const folder = mkdtempSync(path.join(tmpdir(), 'provider-'))
const socket = path.join(folder, 's')
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
process.once('SIGTERM', () => process.exit())
// Ctrl-C reaches the whole process group; Terraform ends us when it has saved its state.
process.on('SIGINT', () => undefined)
const parent = process.ppid
setInterval(() => process.ppid !== parent && process.exit(), 1_000).unref()

const { key, pem, der } = selfSigned()
const client = process.env.PLUGIN_CLIENT_CERT
const credentials =
  client === undefined
    ? ServerCredentials.createInsecure()
    : ServerCredentials.createSsl(
        Buffer.from(client),
        [{ private_key: Buffer.from(key), cert_chain: Buffer.from(pem) }],
        true,
      )

const server = new Server({
  'grpc.max_receive_message_length': MAX_MESSAGE,
  'grpc.max_send_message_length': MAX_MESSAGE,
})
serve('tfplugin5.Provider', wireCalls(kubernetesProvider()))
serve('plugin.GRPCController', {
  Shutdown: async () => {
    setImmediate(() => process.exit())
    return Buffer.alloc(0)
  },
})
await new Promise<void>((resolve, reject) => {
  server.bindAsync(`unix:${socket}`, credentials, (error) => (error ? reject(error) : resolve()))
})
const certificate = client === undefined ? '' : der.toString('base64').replace(/=+$/, '')
console.log(`1|${PROTOCOL_VERSION}|unix|${socket}|grpc|${certificate}`)

/** Messages are bytes here: `wireCalls` knows what they hold. */
function serve(service: string, calls: Record<string, WireCall>): void {
  const asIs = (bytes: Buffer) => bytes
  const methods = Object.keys(calls).map((name) => [
    name,
    {
      path: `/${service}/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  ])
  const handlers = Object.entries(calls).map(([name, call]): [string, handleUnaryCall<Buffer, Uint8Array>] => [
    name,
    ({ request }, done) => {
      call(request).then((response) => done(null, response), done)
    },
  ])
  server.addService(Object.fromEntries(methods), Object.fromEntries(handlers))
}
