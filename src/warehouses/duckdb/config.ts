import path from 'node:path'
import type { DuckDbSettings } from '../../model/destination.ts'
import type { WarehouseEnvironment } from '../port.ts'

const DEFAULT_MEMORY_LIMIT = '256MB'

export interface DuckDbConfig {
  /** Absolute path of the database file. */
  file: string
  /** Options of the DuckDB instance. */
  options: Record<string, string>
}

export function configOf(settings: DuckDbSettings, environment: WarehouseEnvironment): DuckDbConfig {
  const file = path.resolve(environment.baseDir, settings.path)
  return {
    file,
    options: {
      memory_limit: environment.memoryLimit ?? DEFAULT_MEMORY_LIMIT,
      threads: process.env.DT ?? '2',
      ...(process.env.BG ? { allocator_background_threads: 'true' } : {}),
      preserve_insertion_order: 'false',
      temp_directory: `${file}.tmp`,
    },
  }
}

/** The path as the manifest spells it: a folder that is moved as a whole keeps its database. */
export const identityOf = (settings: DuckDbSettings): string => `duckdb:${path.normalize(settings.path)}`
