import { EngageError } from '../model/errors.ts'
import { formatError } from '../model/load.ts'
import { REASONS } from '../model/reasons.ts'
import { EXIT } from './exit-codes.ts'
import { InvalidManifests } from './manifests.ts'

/** What people see of an error, and the exit status: what is wrong, what to do, the stack only if asked for. */
export function describeFailure(error: unknown, verbose: boolean): { text: string; code: number } {
  if (error instanceof InvalidManifests) {
    return { text: error.errors.map((it) => `${formatError(it)}\n`).join(''), code: EXIT.invalid.code }
  }
  const lines = [`error: ${messageOf(error)}`, ...fixOf(error, verbose)]
  if (verbose && error instanceof Error && error.stack !== undefined) lines.push(error.stack)
  return { text: `${lines.join('\n')}\n`, code: EXIT.failed.code }
}

function messageOf(error: unknown): string {
  if (error instanceof EngageError) return `${error.reason}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}

function fixOf(error: unknown, verbose: boolean): string[] {
  if (error instanceof EngageError) return [`fix: ${REASONS[error.reason].fix}`]
  return verbose ? [] : ['fix: run it again with --verbose to see where it came from']
}
