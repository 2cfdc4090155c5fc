import { createRequire } from 'node:module'
import path from 'node:path'
import type * as framework from 'cdktf'
import type { Construct } from 'constructs'
import { inject } from 'vitest'
import type { Framework } from '../../scripts/pack.ts'
import type * as engage from '../../src/cdktf/index.ts'

/** A framework and the constructs for it, as a project that installed both has them. */
export interface Installed {
  name: Framework
  tf: typeof framework
  engage: typeof engage
  /** The class of constructs that have no behaviour. */
  Group: typeof Construct
}

/** One framework for each process: theirs share global state. */
export function installed(name: Framework): Installed {
  const project = inject('projects')[name]
  const require = createRequire(path.join(project, 'package.json'))
  // The frameworks leave a folder behind for every app: there it goes with the project.
  process.env.TMPDIR = project
  return { name, tf: require(name), engage: require(`@engageops/${name}`), Group: require('constructs').Construct }
}
