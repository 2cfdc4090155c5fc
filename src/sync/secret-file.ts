import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SecretKeyReference } from '../model/resource.ts'

/** The file of a secret's key in a folder of secrets, `<name>/<key>`; undefined where the names are no file names. */
export const secretPath = (directory: string, { name, key }: SecretKeyReference): string | undefined =>
  isFileName(name) && isFileName(key) ? join(directory, name, key) : undefined

/** Reads a secret's key from a folder; undefined where it is not there. The last line end is not part of it. */
export function readSecretFile(directory: string, reference: SecretKeyReference): string | undefined {
  const path = secretPath(directory, reference)
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw error
  }
}

const isFileName = (text: string): boolean =>
  !text.includes('/') && !text.includes('\0') && text !== '.' && text !== '..'
