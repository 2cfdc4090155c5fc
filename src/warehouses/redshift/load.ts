import type { LogicalType } from '../../model/table.ts'
import { quote } from '../ansi.ts'
import type { StageInput } from '../port.ts'
import { dialect, textLiteral } from './dialect.ts'

/** Types of a stage's columns by their names. */
export type ColumnTypes = ReadonlyMap<string, LogicalType>

/** The statement that makes a stage of a quoted name: its rows stand where the merge looks for their ids. */
export function stageStatement(name: string, { columns }: Pick<StageInput, 'columns'>): string {
  const definitions = columns.map((column) => `${quote(column.name)} ${dialect.sqlType(column.type)}`)
  const hasId = columns.some((column) => column.name === 'id')
  return `CREATE TEMP TABLE ${name} (${definitions.join(', ')})${hasId ? ` DISTKEY (${quote('id')})` : ''}`
}

export interface CopySource {
  /** `s3://` URL of the manifest. */
  manifest: string
  iamRole: string
}

/**
 * The statement that loads the files of a manifest into a stage. Columns that a row does not name are NULL. What else is,
 * cannot be set: COPY of JSON takes no NULL AS.
 */
export const copyStatement = (stage: string, { manifest, iamRole }: CopySource): string =>
  `COPY ${stage} FROM ${textLiteral(manifest)} IAM_ROLE ${textLiteral(iamRole)} ` +
  "FORMAT AS JSON 'auto' MANIFEST GZIP COMPUPDATE OFF"
