import type { EngageResource } from './kinds.ts'
import { itemsOf, nameOf, readManifest } from './manifest.ts'
import { type ManifestFile, readManifestFiles, STDIN } from './manifest-files.ts'
import { type FieldPath, formatPath } from './problems.ts'
import { repeatedNames } from './repeated-names.ts'
import { warningsOf } from './warnings.ts'
import { readYaml } from './yaml-documents.ts'

/** A valid resource, its defaults filled in, and where it stands. */
export interface LoadedResource {
  resource: EngageResource
  file: string
  line: number
}

/** Something that people should know and that stops nothing. */
export interface Note {
  file: string
  line: number
  message: string
}

/** Something that must be changed, and how. */
export interface ManifestError {
  file: string
  line?: number
  /** `Kind/name`, once it is known. */
  name?: string
  /** The field, such as `spec.sync.schedule`. */
  path?: string
  message: string
}

export interface Manifests {
  resources: LoadedResource[]
  notes: Note[]
  errors: ManifestError[]
}

/**
 * Reads the resources of files and folders (`-` is `stdin`, a text). All errors of all files are found at once; where
 * there is one, the resources are those that are valid.
 */
export function loadManifests(paths: readonly string[], stdin?: string): Manifests {
  const { files, errors } = readManifestFiles(paths, stdin)
  const manifests = parseManifests(files)
  const found = [...errors, ...manifests.errors]
  if (found.length === 0 && manifests.resources.length === 0) {
    found.push({
      file: paths.map((path) => (path === '-' ? STDIN : path)).join(', '),
      message: 'no EngageOps resources found: write one, or correct the path',
    })
  }
  return { ...manifests, errors: found }
}

/** The same for texts. */
export function parseManifests(files: readonly ManifestFile[]): Manifests {
  const manifests: Manifests = { resources: [], notes: [], errors: [] }
  for (const { file, text } of files) {
    const { documents, errors } = readYaml(text)
    manifests.errors.push(...errors.map((error) => ({ file, ...error })))
    for (const { value: document, lineOf } of documents) {
      for (const { at, value } of itemsOf(document)) {
        addManifest(manifests, value, file, (path) => lineOf([...at, ...path]))
      }
    }
  }
  manifests.errors.push(...nameErrors(manifests.resources))
  return manifests
}

function addManifest({ resources, notes, errors }: Manifests, value: unknown, file: string, lineOf: LineOf): void {
  const manifest = readManifest(value)
  switch (manifest.is) {
    case 'foreign':
      notes.push({ file, line: lineOf([]), message: `${manifest.what} is ignored` })
      break
    case 'invalid':
      errors.push(
        ...manifest.problems
          .map(({ path, message }) => ({ path, message, line: lineOf(path) }))
          .sort((a, b) => a.line - b.line)
          .map(({ path, message, line }) => ({ file, line, name: manifest.name, path: formatPath(path), message })),
      )
      break
    case 'resource':
      resources.push({ resource: manifest.resource, file, line: lineOf([]) })
      for (const { path, message } of warningsOf(manifest.resource)) {
        notes.push({
          file,
          line: lineOf(path),
          message: `${nameOf(manifest.resource)}: ${formatPath(path)}: ${message}`,
        })
      }
  }
}

type LineOf = (path: FieldPath) => number

function nameErrors(resources: LoadedResource[]): ManifestError[] {
  const placed = resources.map((loaded) => ({ ...loaded, place: `${loaded.file}:${loaded.line}` }))
  return repeatedNames(placed).map(({ repeated: { file, line, resource }, message }) => {
    return { file, line, name: nameOf(resource), path: 'metadata.name', message }
  })
}

/** `file:line: Kind/name: spec.path: what is wrong, what to write`. */
export function formatError({ file, line, name, path, message }: ManifestError): string {
  return [line === undefined ? file : `${file}:${line}`, name, path, message].filter((part) => part).join(': ')
}

/** `file:line: note`. */
export function formatNote({ file, line, message }: Note): string {
  return `${file}:${line}: ${message}`
}
