import type { PairOptions } from '../local/each-pair.ts'
import type { Folder } from '../local/folder.ts'
import { type SyncFolderResult, syncFolder } from '../local/sync-folder.ts'
import { EXIT } from './exit-codes.ts'
import { interruption } from './interrupt.ts'
import { openManifests } from './manifests.ts'
import { hasColour, type OutputFormat, render } from './output.ts'
import { sayProblems } from './plan.ts'
import { ProgressLine } from './progress.ts'
import { renderRuns } from './run-view.ts'

export interface SyncOptions {
  filename: string[]
  secrets?: string
  output: OutputFormat
  space?: string
  destination?: string[]
}

export async function run(options: SyncOptions): Promise<number> {
  const signal = interruption()
  const folder = await openManifests(options)
  const result = await syncWithProgress(folder, {
    signal,
    ...(options.space === undefined ? {} : { space: options.space }),
    ...(options.destination === undefined ? {} : { destinations: options.destination }),
  })
  const colour = hasColour(process.stdout)
  process.stdout.write(await render(options.output, result, () => renderRuns(result.runs, colour)))
  sayProblems(result.problems)
  return signal.aborted ? EXIT.interrupted.code : exitCode(result)
}

/** Syncs with one line of progress, where somebody watches. */
export async function syncWithProgress(
  folder: Folder,
  options: PairOptions & { signal: AbortSignal },
): Promise<SyncFolderResult> {
  using line = new ProgressLine(process.stderr)
  return await syncFolder(folder, {
    ...options,
    onProgress: (scope, { calls, bytes, totalBytes }) =>
      line.update(`Syncing ${scope}`, calls, 'calls', totalBytes > 0 ? bytes / totalBytes : undefined),
  })
}

function exitCode({ runs, problems }: SyncFolderResult): number {
  if (problems.length > 0 || runs.some(({ status, error }) => status === 'Failure' || error)) return EXIT.failed.code
  return runs.some(({ status }) => status === 'Partial') ? EXIT.partial.code : EXIT.ok.code
}
