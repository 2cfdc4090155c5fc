import { EXIT } from './exit-codes.ts'

/** A signal that Ctrl-C or SIGTERM aborts, so that work can end well; the second time the process ends at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted.code)
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return controller.signal
}
