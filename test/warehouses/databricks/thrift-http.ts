import type { ServerResponse } from 'node:http'
import TCLIService from '@databricks/sql/thrift/TCLIService.js'
import thrift from 'thrift'

type Methods = ConstructorParameters<typeof TCLIService.Processor>[0]

/** The method that the body of a request asks for. */
export function methodOf(body: Buffer): string {
  let method = ''
  thrift.TBufferedTransport.receiver((transport: thrift.TTransport) => {
    method = new thrift.TBinaryProtocol(transport).readMessageBegin().fname
  }, 0)(body)
  return method
}

/** Answers the body of a request by these methods. */
export function answerThrift(response: ServerResponse, methods: Methods, body: Buffer): void {
  const answer = new thrift.TBufferedTransport(undefined, (bytes) => {
    response.writeHead(200, { 'content-type': 'application/x-thrift' }).end(bytes)
  })
  const processor = new TCLIService.Processor(methods)
  thrift.TBufferedTransport.receiver((transport: thrift.TTransport) => {
    processor.process(new thrift.TBinaryProtocol(transport), new thrift.TBinaryProtocol(answer))
  }, 0)(body)
}
