import { createRequire } from 'node:module'
import type { Call } from './call.ts'

/** The value of one place of a mapping; undefined leaves the place out. */
export type Resolve = (call: Call) => unknown

interface MappingKit {
  transform(mapping: object, data: object): Record<string, unknown>
}

/** Loaded when a mapping needs it. By require, since its ES modules are written for bundlers and do not load in Node. */
const require = createRequire(import.meta.url)
const kit = (): MappingKit => require('@segment/actions-core/mapping-kit')

/** One directive as mapping-kit applies it. */
export function delegate(directive: object): Resolve {
  // A copy, since mapping-kit writes defaults into the mapping.
  const mapping = { value: structuredClone(directive) }
  const { transform } = kit()
  return (call) => transform(mapping, call).value
}
