import { EngageError } from '../model/errors.ts'
import type { SecretKeyReference } from '../model/resource.ts'
import { readSecretFile, secretPath } from '../sync/secret-file.ts'

/** Where the local mode finds secrets. */
export interface SecretSource {
  /** Folder with a file for each key: `<name>/<key>`. It goes before the environment. */
  directory?: string
  environment: Readonly<Record<string, string | undefined>>
}

/** The environment variable of a secret's key: ENGAGEOPS_SECRET_<NAME>_<KEY>. */
export const secretVariable = ({ name, key }: SecretKeyReference): string =>
  `ENGAGEOPS_SECRET_${name}_${key}`.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')

/** Reads a secret's key. Throws SecretNotFound, which says where to put it. */
export function readSecret({ directory, environment }: SecretSource, reference: SecretKeyReference): string {
  const { name, key } = reference
  const path = directory === undefined ? undefined : secretPath(directory, reference)
  const file = directory === undefined ? undefined : readSecretFile(directory, reference)
  const value = file || environment[secretVariable(reference)]
  if (value) return value
  const places = [`the environment variable ${secretVariable(reference)}`, ...(path ? [`the file ${path}`] : [])]
  throw new EngageError(
    'SecretNotFound',
    'Wait',
    `Secret ${name} has no key ${key} here: put it into ${places.join(' or ')}`,
  )
}
