import { EngageError } from '../model/errors.ts'
import { REASONS } from '../model/reasons.ts'

/** What people see of an error: one line that says what is wrong, one that says what to do, the stack only if asked for. */
export function describeFailure(error: unknown, verbose: boolean): string {
  const lines = [`error: ${messageOf(error)}`, ...fixOf(error, verbose)]
  if (verbose && error instanceof Error && error.stack !== undefined) lines.push(error.stack)
  return `${lines.join('\n')}\n`
}

function messageOf(error: unknown): string {
  if (error instanceof EngageError) return `${error.reason}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}

function fixOf(error: unknown, verbose: boolean): string[] {
  if (error instanceof EngageError) return [`fix: ${REASONS[error.reason].fix}`]
  return verbose ? [] : ['fix: run it again with --verbose to see where it came from']
}
