import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { EXIT } from '../../src/cli/exit-codes.ts'

const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'engageops-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function engageops(args: string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    input,
    cwd: folder,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const DESTINATION = `apiVersion: engageops.dev/v1alpha1
kind: WarehouseDestination
metadata:
  name: warehouse
spec:
  duckdb:
    path: warehouse.duckdb
`

describe('help', () => {
  test('shows every command, examples and all exit codes', () => {
    const { status, stdout } = engageops(['--help'])
    expect(status).toBe(EXIT.ok.code)
    expect(stdout).toContain('validate')
    expect(stdout).toContain('Examples:')
    for (const { code, meaning } of Object.values(EXIT)) expect(stdout).toMatch(new RegExp(`${code} +${meaning}`))
  })

  test('docs/cli.md has every command and the exit codes in the same words', () => {
    const docs = readFileSync(path.join(import.meta.dirname, '../../docs/cli.md'), 'utf8')
    const commands = [...engageops(['--help']).stdout.matchAll(/^ {2}([a-z-]+) (?:\[options\])? /gm)].map(
      ([, name]) => name,
    )
    expect(commands).toContain('crds')
    for (const name of commands) expect(docs).toContain(`## ${name}\n`)
    for (const { code, meaning } of Object.values(EXIT))
      expect(docs).toMatch(new RegExp(`\\| ${code} +\\| ${meaning} +\\|`))
  })

  test('the version is that of the package', () => {
    const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8'))
    expect(engageops(['--version']).stdout).toBe(`${version}\n`)
  })

  test.each([
    [[]],
    [['validate']],
    [['valdate']],
    [['validate', '-f', '.', '-o', 'xml']],
    [['validate', '-f', '.', '--nope']],
  ])('a wrong command line is a usage error: %j', (args) => {
    const { status, stdout, stderr } = engageops(args)
    expect(status).toBe(EXIT.usage.code)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^(error:|Usage:)/)
  })
})

describe('validate', () => {
  test('valid manifests are counted by kind', () => {
    const { status, stdout, stderr } = engageops(['validate', '-f', '-'], DESTINATION)
    expect(stdout).toBe('1 resource is valid: 1 WarehouseDestination\n')
    expect({ status, stderr }).toEqual({ status: EXIT.ok.code, stderr: '' })
  })

  test('every error has its file, line and field', () => {
    writeFileSync(path.join(folder, 'bad.yaml'), DESTINATION.replace('path: warehouse.duckdb', 'pth: warehouse.duckdb'))
    const { status, stdout, stderr } = engageops(['validate', '-f', 'bad.yaml'])
    expect(status).toBe(EXIT.invalid.code)
    expect(stdout).toMatch(/^\d errors?\n$/)
    expect(stderr).toMatch(/^bad\.yaml:\d+: WarehouseDestination\/warehouse: spec\.duckdb\.pth: .+$/m)
    expect(stderr).not.toContain('    at ')
  })

  test('what stands beside the resources is noted', () => {
    const { stderr } = engageops(['validate', '-f', '-'], `apiVersion: v1\nkind: ConfigMap\n---\n${DESTINATION}`)
    expect(stderr).toMatch(/^note: .*ConfigMap/)
  })

  test.each([
    ['json', (text: string): unknown => JSON.parse(text)],
    ['yaml', (text: string): unknown => parse(text)],
  ])('-o %s prints the same for machines', (format, read) => {
    const { status, stdout, stderr } = engageops(['validate', '-f', '-', '-o', format], DESTINATION)
    expect({ status, stderr }).toEqual({ status: EXIT.ok.code, stderr: '' })
    expect(read(stdout)).toMatchObject({
      resources: [{ kind: 'WarehouseDestination', namespace: 'default', name: 'warehouse', line: 1 }],
      notes: [],
      errors: [],
    })
  })
})

test('crds are one document for each kind', () => {
  const { status, stdout } = engageops(['crds'])
  expect(status).toBe(EXIT.ok.code)
  const kinds = parseAllDocuments(stdout).map((document) => document.toJS().spec.names.kind)
  expect(kinds).toEqual(['WarehouseDestination', 'EngageSpace', 'Activation'])
})

describe('render', () => {
  const stack = (name: string) => ({
    resource: {
      kubernetes_manifest: {
        space: {
          manifest: {
            apiVersion: 'engageops.dev/v1alpha1',
            kind: 'EngageSpace',
            metadata: { name: 'a' },
            spec: { name },
          },
        },
      },
    },
  })

  test('prints what validate takes', () => {
    writeFileSync(path.join(folder, 'one.tf.json'), JSON.stringify(stack('one')))
    writeFileSync(path.join(folder, 'two.tf.json'), JSON.stringify(stack('two')))
    const { status, stdout, stderr } = engageops(['render', 'one.tf.json', 'two.tf.json'])
    expect({ status, stderr }).toEqual({ status: EXIT.ok.code, stderr: '' })
    expect(parseAllDocuments(stdout).map((document) => document.toJS().spec)).toEqual([
      { name: 'one' },
      { name: 'two' },
    ])
    expect(engageops(['validate', '-f', '-'], engageops(['render', 'one.tf.json']).stdout).status).toBe(EXIT.ok.code)
  })

  test('prints nothing where a value is known only to Terraform', () => {
    writeFileSync(path.join(folder, 'var.tf.json'), JSON.stringify(stack(`\${var.name}`)))
    expect(engageops(['render', 'var.tf.json'])).toEqual({
      status: EXIT.invalid.code,
      stdout: '',
      stderr:
        'var.tf.json: kubernetes_manifest.space: manifest.spec.name: is known only when Terraform runs: write the value itself in the stack\n',
    })
  })
})
