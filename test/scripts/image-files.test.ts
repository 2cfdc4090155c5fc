import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { IMAGE, imageFiles, NEVER_LOADED } from '../../scripts/image-files.ts'

const checkout = path.join(import.meta.dirname, '../..')
let root: string

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'engageops-image-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function write(file: string, text = ''): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), text)
}

test('code, definitions and what production packages need at run time', () => {
  const kept = [
    'LICENSE',
    'crds/activations.yaml',
    'dist/cli/main.js',
    'node_modules/a/LICENSE',
    'node_modules/a/index.js',
    'node_modules/a/node_modules/b/package.json',
    'node_modules/a/package.json',
  ]
  const left = [
    'dist/manifests/install.yaml',
    'node_modules/@duckdb/node-api/index.js',
    'node_modules/a/README.md',
    'node_modules/a/index.d.ts',
    'node_modules/a/index.js.map',
    'node_modules/a/node_modules/dev/index.js',
    'node_modules/a/prebuilds/linux-x64/a.node',
    'node_modules/dev/index.js',
    'src/cli/main.ts',
  ]
  for (const file of [...kept, ...left]) write(file)
  write('package.json')
  write(
    'package-lock.json',
    JSON.stringify({
      packages: {
        '': {},
        'node_modules/a': {},
        'node_modules/a/node_modules/b': {},
        'node_modules/a/node_modules/dev': { dev: true },
        'node_modules/@duckdb/node-api': {},
        'node_modules/dev': { dev: true },
        'node_modules/of-another-platform': { optional: true },
      },
    }),
  )
  expect(imageFiles(root)).toEqual([...kept, 'package.json'])
})

test('a checkout that is not built is an error that says so', () => {
  expect(() => imageFiles(root)).toThrow('dist/ is missing: run npm run build first')
})

test('the image stays below 250 MB', () => {
  write('dist/cli/main.js')
  for (const file of ['package.json', 'package-lock.json', 'LICENSE', 'crds', 'node_modules']) {
    symlinkSync(path.join(checkout, file), path.join(root, file))
  }
  const sizeOf = (file: string) => statSync(file).size
  const app = imageFiles(root).reduce((sum, file) => sum + sizeOf(path.join(root, file)), 0)
  const base = 30_000_000
  expect(app + sizeOf(process.execPath) + base).toBeLessThan(250_000_000)
})

test('drivers load without the packages that are left out', () => {
  const drivers = ['pg', 'snowflake-sdk', '@databricks/sql', '@google-cloud/bigquery', '@aws-sdk/client-s3']
  const program = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve(specifier, context, next) {
        if (${NEVER_LOADED}.test(specifier)) throw new Error(specifier + ' is not in the image')
        return next(specifier, context)
      },
    })
    for (const driver of ${JSON.stringify(drivers)}) await import(driver)
    console.log('loaded')`
  const options = { cwd: checkout, encoding: 'utf8' } as const
  expect(execFileSync(process.execPath, ['--input-type=module', '--eval', program], options)).toBe('loaded\n')
})

test('the Dockerfile starts a container as the tests do', () => {
  const final = readFileSync(path.join(checkout, 'Dockerfile'), 'utf8').split('\nFROM ').at(-1) ?? ''
  const joined = final.replaceAll('\\\n', '')
  const values = (instruction: string) =>
    [...joined.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].map(([, value]) => value?.replaceAll(/\s+/g, ' '))
  const { User, Env, Entrypoint, WorkingDir } = IMAGE.config
  expect(values('USER')).toEqual([User])
  expect(values('WORKDIR')).toEqual([WorkingDir])
  expect(values('ENV')).toEqual([Env.join(' ')])
  expect(values('ENTRYPOINT')).toEqual([JSON.stringify(Entrypoint).replaceAll(',', ', ')])
  expect(values('COPY')).toContain(`--from=build /app ${IMAGE.folder}`)
})
