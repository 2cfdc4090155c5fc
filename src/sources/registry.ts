import { resolve } from 'node:path'
import { EngageError } from '../model/errors.ts'
import type { SourceSpec } from '../model/space.ts'
import { DirectorySource } from './directory.ts'
import type { Source } from './port.ts'

/** Opens a source of a space. Relative folders are relative to the folder of the space's manifest. */
export function openSource({ name, directory }: SourceSpec, baseDir: string): Source {
  if (directory !== undefined) return new DirectorySource(name, resolve(baseDir, directory))
  throw new EngageError(
    'SourceUnreachable',
    'Stalled',
    `source ${name}: the local mode reads folders: write directory: PATH in place of what it has`,
  )
}
