// Writes what is generated from the model (crds/, schemas/, docs/reference.md, docs/troubleshooting.md, src/cdktf/manifests), of the
// chart, for Argo CD, and of the schemas of Terraform providers.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generatedFiles } from '../src/model/generated.ts'
import { argocdFiles } from './argocd-files.ts'
import { bindingFiles } from './bindings.ts'
import { chartFiles } from './chart-files.ts'
import { constructFiles } from './construct-files.ts'

const root = join(import.meta.dirname, '..')
for (const [path, text] of [
  ...generatedFiles(),
  ...chartFiles(),
  ...argocdFiles(),
  ...(await bindingFiles()),
  ...constructFiles(),
]) {
  mkdirSync(join(root, dirname(path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
