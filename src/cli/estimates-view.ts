import type { FolderEstimate } from '../local/estimate-folder.ts'
import { formatBytes } from './quantities.ts'
import { printable, renderTable } from './table.ts'

/** What the next syncs would read; nothing where that costs nothing. */
export function renderEstimates(estimates: readonly FolderEstimate[]): string {
  return estimates
    .map(({ space, destination, merges }) => {
      const rows = merges.map((merge) => [
        merge.table,
        'bytes' in merge ? formatBytes(merge.bytes) : `unknown: ${printable(merge.unknown)}`,
      ])
      const title = `Merging new calls of EngageSpace ${space} into WarehouseDestination ${destination} would read:`
      return `\n${title}\n${renderTable(['table', 'bytes'], rows)}`
    })
    .join('')
}
