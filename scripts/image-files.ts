// Says what goes into the container image. The Dockerfile reads the list that this prints; the tests make the same image
// without an engine from `imageFiles` and `IMAGE`.
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** How a container starts, in the words of the OCI image configuration. The Dockerfile says the same. */
export const IMAGE = {
  folder: '/app',
  config: {
    User: '65532:65532',
    Env: [
      'PATH=/usr/local/bin:/usr/bin:/bin',
      'NODE_ENV=production',
      // As in the first line of src/cli/main.ts: garbage of a load is found young, and memory stays low.
      'NODE_OPTIONS=--max-semi-space-size=16',
    ],
    Entrypoint: ['node', '/app/dist/cli/main.js'],
    WorkingDir: '/app',
  },
} as const

/**
 * Packages that a container never loads: DuckDB (70 MB) is for the local mode, the Databricks driver's kernel (16 MB) for a
 * protocol that is not used, and the browser's part of Azure's login (6 MB) for browsers.
 */
export const NEVER_LOADED = /^(@duckdb\/|@databricks\/databricks-sql-kernel|@azure\/msal-browser)/

/** Files of packages that Node never reads: types, source maps, documentation, binaries for other runtimes. */
const NEVER_READ = /\.(ts|mts|cts|map|md|markdown|tsbuildinfo)$|(^|\/)(prebuilds|\.github)\//

/**
 * The files of the image's folder, sorted, as paths below `root`: a checkout that is built and whose packages are
 * installed. Development packages may be installed there too: the lock file says which packages are for production.
 */
export function imageFiles(root: string): string[] {
  if (!existsSync(path.join(root, 'dist/cli/main.js'))) throw new Error('dist/ is missing: run npm run build first')
  const code = filesBelow(root, 'dist').filter((file) => file.endsWith('.js'))
  const own = ['package.json', 'LICENSE', ...code, ...filesBelow(root, 'crds')]
  const packages = productionPackages(root).flatMap((folder) => filesBelow(root, folder).filter(isRead))
  return [...own, ...packages].sort()
}

const isRead = (file: string): boolean => !NEVER_READ.test(file)

function productionPackages(root: string): string[] {
  const lock: { packages: Record<string, { dev?: boolean }> } = JSON.parse(
    readFileSync(path.join(root, 'package-lock.json'), 'utf8'),
  )
  return Object.entries(lock.packages)
    .filter(([folder, { dev }]) => folder !== '' && !dev && !NEVER_LOADED.test(nameOf(folder)))
    .map(([folder]) => folder)
    .filter((folder) => existsSync(path.join(root, folder)))
}

const nameOf = (folder: string): string => folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** The files below a folder; packages that are nested in it have entries of their own in the lock file. */
function filesBelow(root: string, folder: string): string[] {
  return globSync('**/*', { cwd: path.join(root, folder), withFileTypes: true, exclude: isNestedPackages })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
}

const isNestedPackages = ({ name }: { name: string }): boolean => name === 'node_modules'

if (import.meta.main) process.stdout.write(`${imageFiles(path.join(import.meta.dirname, '..')).join('\n')}\n`)
