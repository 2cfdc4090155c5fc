import { createHash } from 'node:crypto'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Marks } from '../sources/listing.ts'

/** What the last complete run of a scope had read: enough to see that there is nothing new without asking the warehouse. */
export interface Mirror {
  /** Hash of the work order: another one may want other tables from the same calls. */
  order: string
  /** Stamp of every object that the next listing may have again, by source and key. */
  stamps: Record<string, string>
  /** By source: from where on it is listed again; absent: all of it. */
  marks?: Record<string, Marks> | undefined
}

/** Where the mirror of a scope is kept between runs; losing it costs one look into the warehouse. */
export interface MirrorStore {
  read(scope: string): Promise<Mirror | undefined>
  write(scope: string, mirror: Mirror): Promise<void>
}

export const orderHash = (order: WorkOrder): string =>
  createHash('sha256').update(JSON.stringify(order)).digest('hex').slice(0, 32)

export const mirrorKey = (source: string, object: string): string => `${source}/${object}`
