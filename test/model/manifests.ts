import type { EngageResource } from '../../src/model/kinds.ts'
import { type Manifest, readManifest } from '../../src/model/manifest.ts'
import { formatPath } from '../../src/model/problems.ts'
import { API_VERSION, type Kind } from '../../src/model/resource.ts'

/** Specs that are valid and as short as they can be. */
export const POSTGRES = {
  postgres: {
    host: 'db.example.com',
    database: 'analytics',
    username: 'engage',
    passwordSecretRef: { name: 'warehouse', key: 'password' },
  },
}
export const SPACE = { name: 'default' }
export const CLASSIC = {
  spaceRef: { name: 'default' },
  destinationRef: { name: 'main' },
  computation: { audience: 'vip' },
  classic: {},
}
export const ACTIONS = {
  spaceRef: { name: 'default' },
  destinationRef: { name: 'main' },
  computation: { audience: 'vip' },
  storageActions: { table: 'vip_members', triggers: ['AudienceEntered'] },
}

export function manifest(kind: Kind, spec: unknown, metadata: Record<string, unknown> = {}): Record<string, unknown> {
  return { apiVersion: API_VERSION, kind, metadata: { name: 'main', ...metadata }, spec }
}

/** The problems of a spec as `path: message`; none where it is valid. */
export function problemsOf(kind: Kind, spec: unknown): string[] {
  return problemsOfManifest(readManifest(manifest(kind, spec)))
}

export function problemsOfManifest(read: Manifest): string[] {
  if (read.is === 'foreign') throw new Error(`${read.what} is not of EngageOps`)
  return read.is === 'invalid' ? read.problems.map(({ path, message }) => `${formatPath(path)}: ${message}`) : []
}

/** The resource of a valid spec. */
export function resource(kind: Kind, spec: unknown, metadata: Record<string, unknown> = {}): EngageResource {
  const read = readManifest(manifest(kind, spec, metadata))
  if (read.is === 'resource') return read.resource
  throw new Error(problemsOfManifest(read).join('\n'))
}
