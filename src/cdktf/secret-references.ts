import type { TerraformResource } from 'cdktf'
import type { IConstruct } from 'constructs'
import { isPlain } from './plain-data'

/** A Secret that Terraform makes. */
export interface ReferableSecret extends IConstruct {
  readonly namespace: string
  readonly resource: TerraformResource
}

/** The Secrets behind references that they gave out. */
const SECRETS = new WeakMap<object, ReferableSecret>()

/** The reference, which is known to be to this Secret from now on. */
export function referenceTo<T extends object>(secret: ReferableSecret, reference: T): T {
  SECRETS.set(reference, secret)
  return reference
}

/** The Secrets that references in a spec are to, wherever they stand in it. */
export function secretsIn(value: unknown): ReferableSecret[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap(secretsIn))]
  if (!isPlain(value)) return []
  const secret = SECRETS.get(value)
  return secret ? [secret] : secretsIn(Object.values(value))
}
