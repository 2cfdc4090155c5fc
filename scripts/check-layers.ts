import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * What each folder of src may import, beside itself. A folder that is not named here may import nothing. Folders of one
 * layer may import each other only where it is said here; cycles between files are Biome's noImportCycles.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  model: [],
  // It has the model as a bundle of src/synth, which `npm run pack` makes.
  cdktf: [],
  synth: ['model', 'engage', 'plan', 'warehouses'],
  engage: ['model', 'plan'],
  plan: ['model', 'engage'],
  s3: ['model'],
  warehouses: ['model', 'engage', 'plan', 's3'],
  sources: ['model', 's3'],
  kube: [],
  sync: ['model', 'engage', 'plan', 'warehouses', 'sources'],
  reconcile: ['model', 'engage', 'plan', 'warehouses', 'sync'],
  local: ['model', 'plan', 'warehouses', 'sources', 'sync', 'reconcile'],
  operator: ['model', 'plan', 'warehouses', 'sources', 'sync', 'reconcile', 'kube'],
  cli: ['model', 'engage', 'plan', 'warehouses', 'sync', 'reconcile', 'local', 'operator', 'kube'],
}

/** Folders whose code is pure: they may not touch files, the network, processes or timers. */
const PURE = ['engage', 'plan']
const IMPURE_MODULES = /^node:(fs|net|tls|http|https|http2|dgram|dns|child_process|worker_threads|timers)(\/|$)/

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"]+)\1/g

/** The imports that break the layers, one line each. `files` are paths below src, with `/`. */
export function layerViolations(files: Iterable<{ file: string; text: string }>): string[] {
  const violations: string[] = []
  for (const { file, text } of files) {
    const from = folderOf(file)
    for (const [, , specifier = ''] of text.matchAll(IMPORT)) {
      if (specifier.startsWith('.')) {
        const to = folderOf(path.posix.join(path.posix.dirname(file), specifier))
        if (to !== from && !MAY_IMPORT[from]?.includes(to)) {
          violations.push(`src/${file}: ${from} may not import ${to} (${specifier})`)
        }
      } else if (PURE.includes(from) && IMPURE_MODULES.test(specifier)) {
        violations.push(`src/${file}: ${from} is pure and may not import ${specifier}`)
      }
    }
  }
  return violations
}

const folderOf = (file: string): string => file.split('/')[0] ?? file

if (import.meta.main) {
  const src = path.join(import.meta.dirname, '../src')
  const files = globSync('**/*.ts', { cwd: src }).map((file) => ({
    file: file.replaceAll('\\', '/'),
    text: readFileSync(path.join(src, file), 'utf8'),
  }))
  const violations = layerViolations(files)
  for (const violation of violations) console.error(violation)
  console.log(`${files.length} files, ${violations.length} imports against the layers`)
  process.exitCode = violations.length > 0 ? 1 : 0
}
