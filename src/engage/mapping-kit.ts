import { createRequire } from 'node:module'
import { EngageError } from '../model/errors.ts'
import { asObject, type Call } from './call.ts'

/** The value of one place of a mapping; undefined leaves the place out. */
export type Resolve = (call: Call) => unknown

export const invalidMapping = (problem: string): EngageError => new EngageError('InvalidSpec', 'Stalled', problem)

interface MappingKit {
  transform(mapping: object, data: object): Record<string, unknown>
}

/** Loaded when a mapping needs it. By require, since its ES modules are written for bundlers and do not load in Node. */
const require = createRequire(import.meta.url)
const kit = (): MappingKit => require('@segment/actions-core/mapping-kit')
const kitValidate = (): { default: (mapping: unknown) => void } => require('@segment/actions-core/mapping-kit/validate')

/** A mapping as mapping-kit applies it. */
export function delegate(mapping: object): Resolve {
  // A copy, since mapping-kit writes defaults into the mapping.
  const copy = structuredClone(mapping)
  const { transform } = kit()
  return (call) => transform(copy, call)
}

/** One directive as mapping-kit applies it. Throws EngageError InvalidSpec where it is malformed. */
export function delegateValue(directive: object): Resolve {
  validate(directive)
  const resolve = delegate({ value: directive })
  return (call) => asObject(resolve(call))?.value
}

function validate(directive: object): void {
  try {
    kitValidate().default(directive)
  } catch (thrown) {
    const errors: unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown]
    throw invalidMapping(
      `mapping: ${errors.map((error) => (error instanceof Error ? error.message : String(error))).join('; ')}`,
    )
  }
}
