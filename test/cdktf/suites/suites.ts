import type { Installed } from '../installed.ts'
import { assertions } from './assertions.ts'
import { backends } from './backends.ts'
import { clusters } from './clusters.ts'
import { defaults } from './defaults.ts'
import { examples } from './examples.ts'
import { imported } from './imported.ts'
import { mappings } from './mappings.ts'
import { names } from './names.ts'
import { pipeline } from './pipeline.ts'
import { policies } from './policies.ts'
import { refusals } from './refusals.ts'
import { scale } from './scale.ts'
import { secrets } from './secrets.ts'
import { tables } from './tables.ts'
import { tokens } from './tokens.ts'

/** What constructs do, whatever the framework. */
export function suites(installed: Installed): void {
  for (const suite of [
    assertions,
    backends,
    clusters,
    defaults,
    examples,
    imported,
    mappings,
    names,
    pipeline,
    policies,
    refusals,
    scale,
    secrets,
    tables,
    tokens,
  ]) {
    suite(installed)
  }
}
