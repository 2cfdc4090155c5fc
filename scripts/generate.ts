// Writes what is generated from the model (crds/, schemas/, docs/reference.md, docs/troubleshooting.md), of the chart, and for Argo CD.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generatedFiles } from '../src/model/generated.ts'
import { argocdFiles } from './argocd-files.ts'
import { chartFiles } from './chart-files.ts'

const root = join(import.meta.dirname, '..')
for (const [path, text] of [...generatedFiles(), ...chartFiles(), ...argocdFiles()]) {
  mkdirSync(join(root, dirname(path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
