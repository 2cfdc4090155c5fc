/**
 * A quoted identifier. Snowflake takes unquoted names for upper-case ones: written so, people need no quotes for our tables.
 */
export const quote = (identifier: string): string => `"${upper(identifier).replaceAll('"', '""')}"`

/** A name that a person gave: a plain word as it stands, for its case makes no difference, anything else in quotes. */
export const word = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`

/** Names in ASCII keep their length and come back from `lower` as they were; other letters stay as they are. */
export const upper = (name: string): string => name.replace(/[a-z]+/g, (letters) => letters.toUpperCase())

export const lower = (name: string): string => name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** A text literal: the backslash escapes, unlike in standard SQL. */
export const text = (value: string): string =>
  `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\u0000')}'`
