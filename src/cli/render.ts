import { formatNote } from '../model/load.ts'
import { readManifestFiles } from '../model/manifest-files.ts'
import { manifestsOfStack } from '../model/terraform-stack.ts'
import { EXIT } from './exit-codes.ts'
import { InvalidManifests } from './manifests.ts'
import { render } from './output.ts'

/** Prints the manifests of synthesized Terraform stacks as YAML, for Argo CD, Flux or kubectl. */
export async function run(_: object, ...paths: string[]): Promise<number> {
  const { files, errors } = readManifestFiles(paths)
  const stacks = files.map(manifestsOfStack)
  for (const note of stacks.flatMap(({ notes }) => notes)) process.stderr.write(`note: ${formatNote(note)}\n`)
  const all = [...errors, ...stacks.flatMap((stack) => stack.errors)]
  if (all.length > 0) throw new InvalidManifests(all)
  const documents = await Promise.all(
    stacks.flatMap(({ manifests }) => manifests).map((manifest) => render('yaml', manifest, () => '')),
  )
  process.stdout.write(documents.join('---\n'))
  return EXIT.ok.code
}
