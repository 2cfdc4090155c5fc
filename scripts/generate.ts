// Writes what is generated from the model: crds/, schemas/, docs/reference.md and docs/troubleshooting.md.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generatedFiles } from '../src/model/generated.ts'

const root = join(import.meta.dirname, '..')
for (const [path, text] of generatedFiles()) {
  mkdirSync(join(root, dirname(path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
