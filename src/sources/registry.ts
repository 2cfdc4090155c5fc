import { join, resolve } from 'node:path'
import { EngageError } from '../model/errors.ts'
import type { SourceSpec } from '../model/space.ts'
import { DirectorySource } from './directory.ts'
import { ObjectStoreSource } from './object-store.ts'
import type { Source, SourceEnvironment } from './port.ts'

/** Opens a source of a space. Throws SourceUnreachable for a kind that there is none of in the environment. */
export function openSource(
  { name, directory, volume, objectStore }: SourceSpec,
  environment: SourceEnvironment,
): Source {
  const { baseDir, volumesDir } = environment
  const missing = (what: string) => new EngageError('SourceUnreachable', 'Stalled', `source ${name}: ${what}`)
  if (objectStore) return new ObjectStoreSource(name, objectStore, environment)
  if (directory !== undefined) {
    if (baseDir === undefined)
      throw missing('directory is for the local mode: write volume or objectStore in its place')
    return new DirectorySource(name, resolve(baseDir, directory))
  }
  if (volume) {
    if (volumesDir === undefined) throw missing('volume is for a cluster: write directory or objectStore in its place')
    return new DirectorySource(name, join(volumesDir, name, resolve('/', volume.path)))
  }
  throw missing('no sync reads a receiver: write directory, volume or objectStore in its place')
}
