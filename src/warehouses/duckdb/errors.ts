import { EngageError } from '../../model/errors.ts'

/** The first lines of a driver's message: no stack trace, no advice about DuckDB settings. */
const summary = (message: string): string => message.split('\n\n', 1)[0]?.trim() ?? message

/** Messages that quote the value or the line, which is about people: they are not kept. */
const QUOTES_DATA = /^(Conversion|Out of Range|Constraint) Error|^Invalid Input Error: CSV/i

/** DuckDB tells its errors apart by the class that the message starts with. */
export function toEngageError(error: unknown, file: string): EngageError {
  if (error instanceof EngageError) return error
  const message = error instanceof Error ? error.message : String(error)
  if (QUOTES_DATA.test(message)) {
    const fix = 'give its column a type that takes it, without constraint'
    return new EngageError('WarehouseError', 'Stalled', `DuckDB refused a value of ${file}: ${fix}`)
  }
  const text = summary(message)
  const cause = { cause: error }
  if (/could not set lock|same database file with a different configuration/i.test(message)) {
    const holder = /PID (\d+)/.exec(message)?.[1]
    const who = holder ? `process ${holder}` : 'another process'
    return new EngageError('DatabaseLocked', 'Wait', `${file} is open in ${who}: close it there, or wait`, cause)
  }
  if (/^Out of Memory Error/i.test(message)) {
    return new EngageError('WarehouseFull', 'Retry', `DuckDB used up its memory limit: ${text}`, cause)
  }
  if (/no space left|disk quota|max_temp_directory_size/i.test(message)) {
    return new EngageError('WarehouseFull', 'Wait', `the disk of ${file} is full: make room`, cause)
  }
  if (/permission denied|read-only/i.test(message)) {
    const fix = 'give the user who runs EngageOps the right to write the file and its folder'
    return new EngageError('PermissionDenied', 'Stalled', `${file} cannot be written: ${fix}`, cause)
  }
  if (/not a valid DuckDB database file|Is a directory/i.test(message)) {
    const fix = 'set spec.duckdb.path to another path'
    return new EngageError('WarehouseError', 'Stalled', `${file} is not a DuckDB database: ${fix}`, cause)
  }
  if (/^TransactionContext Error/i.test(message)) {
    return new EngageError('WarehouseError', 'Retry', `two sessions changed the same rows of ${file}: ${text}`, cause)
  }
  if (/^INTERRUPT Error/i.test(message)) {
    return new EngageError('WarehouseError', 'Retry', 'the statement was interrupted', cause)
  }
  return new EngageError('WarehouseError', 'Stalled', `DuckDB refused a statement: ${text}`, cause)
}
