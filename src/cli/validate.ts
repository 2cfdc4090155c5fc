import { formatError, formatNote, type Manifests } from '../model/load.ts'
import { KINDS } from '../model/resource.ts'
import { EXIT } from './exit-codes.ts'
import { readManifests } from './manifests.ts'
import { type OutputFormat, render } from './output.ts'
import { counted } from './quantities.ts'

export interface ValidateOptions {
  filename: string[]
  output: OutputFormat
}

export async function run({ filename, output }: ValidateOptions): Promise<number> {
  const manifests = readManifests(filename)
  if (output === 'table') {
    for (const note of manifests.notes) process.stderr.write(`note: ${formatNote(note)}\n`)
    for (const error of manifests.errors) process.stderr.write(`${formatError(error)}\n`)
  }
  process.stdout.write(await render(output, validation(manifests), () => summary(manifests)))
  return manifests.errors.length > 0 ? EXIT.invalid.code : EXIT.ok.code
}

const validation = ({ resources, notes, errors }: Manifests) => ({
  resources: resources.map(({ resource: { kind, metadata }, file, line }) => ({
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
    file,
    line,
  })),
  notes,
  errors,
})

function summary({ resources, errors }: Manifests): string {
  if (errors.length > 0) return `${counted(errors.length, 'error')}\n`
  const kinds = KINDS.map((kind) => ({
    kind,
    count: resources.filter(({ resource }) => resource.kind === kind).length,
  }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => counted(count, kind))
  return `${counted(resources.length, 'resource')} ${resources.length === 1 ? 'is' : 'are'} valid: ${kinds.join(', ')}\n`
}
