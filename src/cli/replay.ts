import { replayFolder } from '../local/sync-folder.ts'
import type { ReplayReport } from '../sync/replay.ts'
import { EXIT } from './exit-codes.ts'
import { interruption } from './interrupt.ts'
import { openManifests } from './manifests.ts'
import { hasColour, render } from './output.ts'
import { sayProblems } from './plan.ts'
import { counted } from './quantities.ts'
import { renderRuns } from './run-view.ts'
import type { SyncOptions } from './sync.ts'

/** Loads what was discarded once more. Discards that are left make the exit status that of a partial sync. */
export async function run(options: SyncOptions): Promise<number> {
  const signal = interruption()
  const result = await replayFolder(await openManifests(options), {
    signal,
    ...(options.space === undefined ? {} : { space: options.space }),
    ...(options.destination === undefined ? {} : { destinations: options.destination }),
  })
  const colour = hasColour(process.stdout)
  process.stdout.write(
    await render(options.output, result, () => result.runs.map((run) => view(run, colour)).join('\n')),
  )
  sayProblems(result.problems)
  if (signal.aborted) return EXIT.interrupted.code
  if (result.problems.length > 0 || result.runs.some(({ error }) => error)) return EXIT.failed.code
  return result.runs.some(({ left }) => left > 0) ? EXIT.partial.code : EXIT.ok.code
}

const view = (run: ReplayReport, colour: boolean): string =>
  `${renderRuns([run], colour)}${counted(run.resolved, 'discard')} mended, ${run.left} left\n`
