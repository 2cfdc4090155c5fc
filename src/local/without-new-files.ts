import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ReconcileContext } from '../reconcile/context.ts'

type Opens = Pick<ReconcileContext, 'openWarehouse'>

/**
 * Runs work that only looks: DuckDB makes a file that it opens, so one that is not there yet is opened in a temporary
 * folder instead, as the empty database that it would be.
 */
export async function withoutNewFiles<C extends Opens, T>(context: C, work: (context: C) => Promise<T>): Promise<T> {
  let temporary: string | undefined
  const openWarehouse: Opens['openWarehouse'] = async (block, environment) => {
    if (block.kind !== 'duckdb' || existsSync(resolve(environment.baseDir, block.settings.path))) {
      return context.openWarehouse(block, environment)
    }
    temporary ??= await mkdtemp(join(tmpdir(), 'engageops-plan-'))
    const path = join(temporary, 'empty.duckdb')
    return context.openWarehouse({ kind: 'duckdb', settings: { ...block.settings, path } }, environment)
  }
  try {
    return await work({ ...context, openWarehouse })
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true })
  }
}
