import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ClientRequest, type IncomingMessage } from 'node:http'
import type { RowStatement } from 'snowflake-sdk'

/** How long the requests of a statement may fail, in milliseconds. */
const BRIDGED_MS = 10_000

/** What Node publishes on its channels `http.client.*`. */
interface Exchange {
  request: ClientRequest
  response?: IncomingMessage
  error?: NodeJS.ErrnoException
}

const isExchange = (message: unknown): message is Exchange =>
  typeof message === 'object' && message !== null && 'request' in message && message.request instanceof ClientRequest

/** The statuses for which the driver sends a request again. */
const isOutage = (status: number): boolean => status >= 500 || status === 408 || status === 429

/**
 * Calls back, with the network's error code or `HTTP nnn`, when the requests of a statement have failed for too long; then
 * no more of them is sent. A short break the driver bridges, which is well: the stages of a session are lost with it. But it
 * sends a request seven times again, in some two minutes, and its option against that, sfRetryMaxNumRetries, does not reach
 * the part that does it. Returns what ends the watch: the statement did.
 */
export function onOutage(statement: RowStatement, giveUp: (failure: string) => void): () => void {
  let failingSince: number | undefined
  let isOver = false
  const ofStatement = (listen: (exchange: Exchange) => void) => (message: unknown) => {
    if (!isExchange(message)) return
    const ids = [statement.getRequestId(), statement.getQueryId()].filter((id) => id)
    if (ids.some((id) => message.request.path.includes(id))) listen(message)
  }
  const failed = (failure: string) => {
    failingSince ??= Date.now()
    if (isOver || Date.now() - failingSince < BRIDGED_MS) return
    isOver = true
    giveUp(failure)
  }
  const listeners = {
    'http.client.request.start': ofStatement(({ request }) => {
      // The driver takes this code for its own caller's wish.
      if (isOver) request.destroy(Object.assign(new Error('given up'), { code: 'ERR_CANCELED' }))
    }),
    'http.client.request.error': ofStatement(({ error }) => failed(error?.code ?? 'no answer')),
    'http.client.response.finish': ofStatement(({ response }) => {
      const status = response?.statusCode ?? 0
      if (isOutage(status)) failed(`HTTP ${status}`)
      else failingSince = undefined
    }),
  }
  for (const [channel, listener] of Object.entries(listeners)) subscribe(channel, listener)
  return () => {
    for (const [channel, listener] of Object.entries(listeners)) unsubscribe(channel, listener)
  }
}
