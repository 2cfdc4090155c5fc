import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { type Folder, openFolder } from '../local/folder.ts'
import { loadManifests, type ManifestError, type Manifests } from '../model/load.ts'

/** The manifests have errors: nothing is done before they are corrected. */
export class InvalidManifests extends Error {
  readonly errors: readonly ManifestError[]

  constructor(errors: readonly ManifestError[]) {
    super('the manifests are invalid')
    this.errors = errors
  }
}

/** Reads the files and folders that `-f` names; `-` is standard input. */
export function readManifests(filenames: readonly string[]): Manifests {
  return loadManifests(filenames, filenames.includes('-') ? readFileSync(0, 'utf8') : undefined)
}

/**
 * Opens the local mode over the manifests that `-f` names. State is kept in `.engageops/` of the folder that the first
 * one is or stands in. Notes go to standard error. Throws InvalidManifests.
 */
export async function openManifests({ filename, secrets }: { filename: string[]; secrets?: string }): Promise<Folder> {
  const manifests = readManifests(filename)
  if (manifests.errors.length > 0) throw new InvalidManifests(manifests.errors)
  const folder = await openFolder(folderOf(filename[0] ?? '-'), {
    manifests,
    ...(secrets === undefined ? {} : { secretsDir: secrets }),
  })
  for (const note of folder.notes) process.stderr.write(`note: ${note}\n`)
  return folder
}

function folderOf(filename: string): string {
  if (filename === '-') return '.'
  return statSync(filename).isDirectory() ? filename : path.dirname(filename)
}
