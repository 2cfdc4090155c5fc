import { KubeError } from '../../../src/kube/errors.ts'
import type { DiagnosticFields, PathFields } from './protocol.ts'

const ERROR = 1
const WARNING = 2

export type Path = readonly (string | number)[]

/** What Terraform shows to its user, at an attribute. */
export class ProviderError extends Error {
  readonly summary: string
  readonly path: Path

  constructor(summary: string, detail: string, path: Path = []) {
    super(detail)
    this.summary = summary
    this.path = path
  }
}

export function diagnosticOf(error: unknown): DiagnosticFields {
  if (error instanceof ProviderError) {
    const { summary, message, path } = error
    return { severity: ERROR, summary, detail: message, ...(path.length > 0 && { attribute: pathFields(path) }) }
  }
  const summary = error instanceof KubeError ? `API response status: ${error.reason}` : 'the provider failed'
  return { severity: ERROR, summary, detail: error instanceof Error ? error.message : String(error) }
}

export const warning = (summary: string, detail: string): DiagnosticFields => ({ severity: WARNING, summary, detail })

export const pathFields = (path: Path): PathFields => ({
  steps: path.map((step) => (typeof step === 'string' ? { attribute_name: step } : { element_key_int: step })),
})
