import type { SnowflakeSettings } from '../../model/warehouse-block.ts'
import { word } from './text.ts'

/** What a message of Snowflake is about. */
type ObjectKind = 'WAREHOUSE' | 'DATABASE' | 'SCHEMA' | 'STAGE' | 'TABLE'

const RIGHTS: Record<ObjectKind, string> = {
  WAREHOUSE: 'USAGE',
  DATABASE: 'USAGE, CREATE SCHEMA',
  SCHEMA: 'USAGE, CREATE TABLE, CREATE STAGE',
  STAGE: 'USAGE',
  TABLE: 'SELECT, INSERT, UPDATE, DELETE',
}

/** The statement that gives the missing rights. Columns can be added by the owner alone. */
export const grantFor = (kind: ObjectKind, name: string, { role }: SnowflakeSettings): string =>
  `GRANT ${kind === 'TABLE' ? `${RIGHTS.TABLE} (or OWNERSHIP, to change it)` : RIGHTS[kind]} ON ${kind} ${name} TO ROLE ${role === undefined ? "the user's default role" : word(role)}`

const KINDS: ReadonlyMap<string, ObjectKind> = new Map([
  ['warehouse', 'WAREHOUSE'],
  ['database', 'DATABASE'],
  ['schema', 'SCHEMA'],
  ['stage', 'STAGE'],
])

/** The object that a message names: `Insufficient privileges to operate on schema 'X'`, `Object 'X' does not exist`. */
export function nameIn(message: string): [ObjectKind, string] {
  const [, kind = '', name = '...'] = /\b(\w+)\s+'([^']*)'/.exec(message) ?? []
  return [KINDS.get(kind.toLowerCase()) ?? 'TABLE', name]
}
