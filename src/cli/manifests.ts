import { readFileSync } from 'node:fs'
import { loadManifests, type Manifests } from '../model/load.ts'

/** Reads the files and folders that `-f` names; `-` is standard input. */
export function readManifests(filenames: readonly string[]): Manifests {
  return loadManifests(filenames, filenames.includes('-') ? readFileSync(0, 'utf8') : undefined)
}
