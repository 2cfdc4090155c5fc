import { type DriverError, type Meaning, meaning } from './errors.ts'

/** What a SQLSTATE of class 22 says of a value, and what to do. Source: PostgreSQL, Appendix A. */
const REFUSALS: Record<string, [what: string, fix: string]> = {
  '22001': ['a text is too long for its column', 'make the column longer, or a text without limit'],
  '22003': ['a number is out of the range of its column', 'make the column a wider type'],
  '22007': ['a value is no date or time', 'give the column a type that takes it'],
  '22008': ['a time is out of the range of its column', 'make the column a wider type'],
  '22021': ['a text has a character that the database cannot hold', "use a database with ENCODING 'UTF8'"],
  '22P02': ['a value is not of the type of its column', 'give the column a type that takes it'],
  '22P05': ['a text has a character that the database cannot hold', "use a database with ENCODING 'UTF8'"],
}

/**
 * What is wrong with a value that was refused, and where. Which value it was is not told: message and context of the server
 * quote it, and it is about people. So other meanings are looked for afterwards: the message may be any text.
 */
export function valueMeaning(error: DriverError, server: string): Meaning | undefined {
  const { code = '' } = error
  return code.startsWith('22') ? refusedValue(error, server) : undefined
}

export function refusedValue(error: DriverError, server: string): Meaning {
  const { code = '' } = error
  const [what, fix] = REFUSALS[code] ?? ['a value does not fit', 'give its column a type that takes it']
  const place = [columnOf(error), typeOf(error)].filter((part) => part !== undefined).join(', ')
  const told = `${server} refused a value: ${what}${place && ` (${place})`}: ${fix} [${code}]`
  return { ...meaning('WarehouseError', 'Stalled', told), tellsData: true }
}

/** The column that COPY was at. The value follows the colon. */
function columnOf({ where = '' }: DriverError): string | undefined {
  const [, name] = /^COPY \w+, line \d+, column (\w+)(?::|$)/.exec(where) ?? []
  return name === undefined ? undefined : `column ${name}`
}

/** The type that a message names, where no value can stand. */
function typeOf({ message }: DriverError): string | undefined {
  const [, before, after] =
    /^(?:invalid input syntax|value too long) for type ([a-z ]+(?:\(\d+\))?)(?::|$)|out of range for type ([a-z ]+)$/.exec(
      message,
    ) ?? []
  const type = before ?? after
  return type === undefined ? undefined : `type ${type}`
}
