import { hash } from 'node:crypto'
import { snakeCase } from '../model/snake-case.ts'

/** What a warehouse allows an identifier to be. */
export interface IdentifierRules {
  /** Longest identifier, in UTF-8 bytes. */
  maxBytes: number
  /** Words that get a `_` prefix; lower case. Empty where quoting is enough. */
  reserved: ReadonlySet<string>
}

/** Tables that EngageOps or Segment make under these names: an event or table of such a name gets a `_` prefix. */
export const STANDARD_TABLES: ReadonlySet<string> = new Set(['identifies', 'users', 'tracks'])

/**
 * The column of a property: its snake_case, and where that cannot be an identifier the rules of docs/data.md (Names).
 * Spellings with one snake_case share the column; different snake_cases do not.
 */
export function columnIdentifier(source: string, rules: IdentifierRules): string {
  return identifier(source, (name) => rules.reserved.has(name), rules.maxBytes)
}

/** The table of an event, or one that an activation names: as a column, and apart from the standard tables. */
export function tableIdentifier(source: string, rules: IdentifierRules): string {
  return identifier(source, (name) => rules.reserved.has(name) || STANDARD_TABLES.has(name), rules.maxBytes)
}

function identifier(source: string, isTaken: (name: string) => boolean, maxBytes: number): string {
  const composed = source.normalize('NFC')
  const snake = snakeCase(composed)
  if (snake === '') return composed.trim() === '' ? '_unnamed' : `_${shortHash(composed)}`
  // What snake_case leaves is ASCII and has no leading `_`: a prefix meets no other name, and length is bytes.
  const name = /^\d/.test(snake) || isTaken(snake) ? `_${snake}` : snake
  return name.length <= maxBytes ? name : `${name.slice(0, maxBytes - 9)}_${shortHash(snake)}`
}

const shortHash = (text: string): string => hash('sha256', text, 'hex').slice(0, 8)
