import type { DuckDbSettings } from '../../model/warehouse-block.ts'
import type { Grants } from '../grants.ts'

export const duckdbGrants = ({ path }: DuckDbSettings): Grants => ({
  notes: [
    `DuckDB has no users: whoever runs EngageOps must be able to write ${path} and the folder that it stands in.`,
  ],
  statements: [],
  instead: [],
})
