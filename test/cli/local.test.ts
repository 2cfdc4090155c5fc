import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { EXIT } from '../../src/cli/exit-codes.ts'

const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts')

const WAREHOUSE = `
apiVersion: engageops.dev/v1alpha1
kind: WarehouseDestination
metadata: {name: warehouse}
spec: {duckdb: {path: warehouse.duckdb}, schemaPolicy: {dropObjects: Approve}}
`
const SPACE = `
apiVersion: engageops.dev/v1alpha1
kind: EngageSpace
metadata: {name: default}
spec: {name: default, destinations: [{name: warehouse}], audiences: [{key: carts, type: Linked}]}
`
const activation = (columns: string) => `
apiVersion: engageops.dev/v1alpha1
kind: Activation
metadata: {name: carts}
spec:
  spaceRef: {name: default}
  destinationRef: {name: warehouse}
  computation: {audience: carts}
  deletionPolicy: Delete
  storageActions: {table: carts, triggers: [EntityAdded], columns: [${columns}]}
`
const PLAN_COLUMN = '{name: plan, type: String, path: $.properties.plan}'
const CITY_COLUMN = '{name: city, type: String, path: $.properties.city}'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'engageops-local-'))
  write('warehouse.yaml', WAREHOUSE)
  write('space.yaml', SPACE)
  write('activation.yaml', activation(`${PLAN_COLUMN}, ${CITY_COLUMN}`))
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text)

function engageops(command: string, ...args: string[]) {
  const options = { encoding: 'utf8', cwd: folder, input: '' } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, command, '-f', '.', ...args], options)
  return { status, stdout, stderr }
}

test('plan, apply, plan: the second plan is empty', () => {
  const before = engageops('plan')
  expect(before.stdout).toContain('+ create table default.carts')
  expect(before.stdout).toMatch(/^ {4}CREATE TABLE/m)
  expect(before).toMatchObject({ status: EXIT.changes.code, stderr: '' })

  const applied = engageops('apply')
  expect(applied.stdout).toMatch(/3 resources applied\.\n$/)
  expect(applied).toMatchObject({ status: EXIT.ok.code, stderr: '' })

  expect(engageops('plan')).toEqual({
    status: EXIT.ok.code,
    stdout: 'No changes: the warehouses are as declared.\n',
    stderr: '',
  })
})

test('status and history show what apply left', () => {
  expect(engageops('status').stdout).toMatch(/^carts +Unknown /m)
  engageops('apply')
  const { stdout } = engageops('status')
  expect(stdout).toMatch(/^warehouse +True +Ready +duckdb +Connected +1 /m)
  expect(stdout).toMatch(/^carts +True +Ready +warehouse +default\.carts +<never> /m)
  expect(engageops('history').stdout).toContain('Activation default/carts\nNo sync has run yet.\nNext sync: 2')
  expect(parse(engageops('status', '-o', 'yaml').stdout)).toHaveLength(3)
  expect(engageops('status', '-n', 'elsewhere')).toEqual({
    status: EXIT.ok.code,
    stdout: '',
    stderr: 'No resources found in namespace elsewhere.\n',
  })
})

test('a change that loses data waits until it is approved', () => {
  engageops('apply')
  write('activation.yaml', activation(PLAN_COLUMN))
  const plan = JSON.parse(engageops('plan', '-o', 'json').stdout)
  expect(plan.plans).toMatchObject([{ destructive: true, changes: [{ kind: 'DropColumn', column: 'city' }] }])

  const held = engageops('apply')
  expect(held.status).toBe(EXIT.changes.code)
  expect(held.stderr).toMatch(
    /^error: \S+: AwaitingApproval: the plan (\w+) would lose data: make its changes with apply --yes, or approve it with the annotation engageops.dev\/approve-plan: \1\n$/,
  )
  expect(engageops('plan').status).toBe(EXIT.changes.code)

  expect(engageops('apply', '--yes').status).toBe(EXIT.ok.code)
  expect(engageops('plan').status).toBe(EXIT.ok.code)
})

test('a resource that left the folder is deleted only by --prune, and what is dropped with it is told before and after', () => {
  engageops('apply')
  rmSync(path.join(folder, 'activation.yaml'))
  const plan = engageops('plan', '-o', 'json')
  expect(plan.stderr).toBe(
    'note: Activation/carts has left the folder: apply --prune deletes it and drops default.carts\n',
  )
  expect(JSON.parse(plan.stdout).orphans).toEqual([
    { kind: 'Activation', namespace: 'default', name: 'carts', deletionPolicy: 'Delete', drops: ['default.carts'] },
  ])

  const held = engageops('apply', '--prune')
  expect(held.status).toBe(EXIT.changes.code)
  expect(held.stdout).toMatch(/- drop table default\.carts \(loses data\)\n2 resources applied\.\n$/)
  expect(held.stderr).toBe(
    'error: Activation/carts: AwaitingApproval: deleting it drops default.carts, which loses data: approve it with apply --prune --yes\n',
  )

  expect(engageops('apply', '--prune', '--yes').stdout).toBe(
    [
      'Resources that have left the folder',
      '  - delete Activation default/carts, deletionPolicy Delete',
      '  - drop table default.carts (loses data)',
      'Dropped table default.carts.',
      '2 resources applied, 1 resource deleted.',
      '',
    ].join('\n'),
  )
  expect(engageops('apply').stderr).toBe('')
})

test('a deletion that was blocked is told by the prune that tried it only', () => {
  engageops('apply')
  rmSync(path.join(folder, 'activation.yaml'))
  const [file, away] = [path.join(folder, 'warehouse.duckdb'), path.join(folder, 'away')]
  renameSync(file, away)
  mkdirSync(file)
  const blocked = engageops('apply', '--prune', '--yes')
  expect(blocked.status).toBe(EXIT.failed.code)
  expect(blocked.stderr).toMatch(/^error: Activation\/carts: DeletionBlocked: /m)
  rmdirSync(file)
  renameSync(away, file)

  const applied = engageops('apply')
  expect(applied.stdout).toMatch(/2 resources applied\.\n$/)
  expect(applied.stderr).toBe(
    'note: Activation/carts has left the folder: apply --prune deletes it and drops default.carts\n',
  )
  expect(applied.status).toBe(EXIT.ok.code)

  const held = engageops('apply', '--prune')
  expect(held.stderr).toMatch(/^error: Activation\/carts: AwaitingApproval: .*\n$/)
  expect(held.status).toBe(EXIT.changes.code)
  expect(engageops('apply', '--prune', '--yes').status).toBe(EXIT.ok.code)
})

test('what a lossy deletion needs waits with it, and the rest is deleted', () => {
  write('spare.yaml', SPACE.replaceAll('default', 'spare'))
  engageops('apply')
  for (const file of ['activation', 'warehouse', 'spare']) rmSync(path.join(folder, `${file}.yaml`))
  write('space.yaml', SPACE.replace('destinations: [{name: warehouse}], ', ''))
  const { status, stdout } = engageops('apply', '--prune', '-o', 'json')
  expect(status).toBe(EXIT.failed.code)
  const { pruned, dropped, problems } = JSON.parse(stdout)
  expect({ pruned, dropped }).toMatchObject({ pruned: [{ kind: 'EngageSpace', name: 'spare' }], dropped: [] })
  expect(problems).toContainEqual({
    resource: 'WarehouseDestination/warehouse',
    reason: 'AwaitingApproval',
    message: 'it stays as long as activations that need it to be deleted',
  })
})

test('a renamed activation takes the place of the old one in one prune', () => {
  engageops('apply')
  write('activation.yaml', activation(PLAN_COLUMN).replace('name: carts}', 'name: carts2}'))
  const { status, stdout, stderr } = engageops('apply', '--prune', '--yes')
  expect({ status, stderr }).toEqual({ status: EXIT.ok.code, stderr: '' })
  expect(stdout).toContain('After the deletions\nEngageSpace default/default -> WarehouseDestination warehouse\n')
  expect(stdout).toMatch(/Dropped table default\.carts\.\n3 resources applied, 1 resource deleted\.\n$/)
  expect(engageops('plan').stdout).toBe('No changes: the warehouses are as declared.\n')
  const shown = engageops('status').stdout
  expect(shown).toMatch(/^warehouse +True +Ready +duckdb +Connected +1 /m)
  expect(shown).toMatch(/^carts2 +True +Ready +warehouse +default\.carts /m)
})

test('what is not known is not called unchanged, and what failed not applied', () => {
  engageops('apply')
  const spare = WAREHOUSE.replace('name: warehouse', 'name: spare').replace(/spec: .*/, '')
  const postgres = `{host: 127.0.0.1, database: a, username: u, passwordSecretRef: {name: none, key: password}}`
  write('spare.yaml', `${spare}spec: {postgres: ${postgres}}\n`)
  write('space.yaml', SPACE.replace('{name: warehouse}', '{name: warehouse}, {name: spare}'))
  const plan = engageops('plan')
  expect(plan.status).toBe(EXIT.failed.code)
  expect(plan.stdout).toBe('No changes that can be made: see the problems below.\n')
  expect(plan.stderr).toMatch(/^error: EngageSpace\/default: SecretNotFound: /m)
  const applied = engageops('apply')
  expect(applied.status).toBe(EXIT.failed.code)
  expect(applied.stdout).toBe(`${plan.stdout}2 of 4 resources applied.\n`)
})

test('--force-orphan deletes a resource and keeps its table', () => {
  engageops('apply')
  rmSync(path.join(folder, 'activation.yaml'))
  const { stdout, stderr } = engageops('apply', '--prune', '--force-orphan', '-o', 'json')
  expect(stderr).toContain('- delete Activation default/carts, deletionPolicy Delete: no table is dropped')
  expect(JSON.parse(stdout)).toMatchObject({ pruned: [{ kind: 'Activation', name: 'carts' }], dropped: [] })
  write('activation.yaml', activation(`${PLAN_COLUMN}, ${CITY_COLUMN}`))
  expect(engageops('plan').status).toBe(EXIT.ok.code)
})

test('nothing is done while a manifest is invalid', () => {
  write('space.yaml', SPACE.replace('Linked', 'Linkd'))
  for (const command of ['plan', 'apply', 'status']) {
    const { status, stdout, stderr } = engageops(command)
    expect({ status, stdout }).toEqual({ status: EXIT.invalid.code, stdout: '' })
    expect(stderr).toMatch(/^space\.yaml:5: EngageSpace\/default: spec\.audiences\[0\]\.type: /)
  }
})

test('what cannot be done is told with its reason', () => {
  write('space.yaml', SPACE.replace('destinations: [{name: warehouse}]', 'destinations: [{name: elsewhere}]'))
  const { status, stderr } = engageops('plan')
  expect(status).toBe(EXIT.failed.code)
  expect(stderr).toMatch(/^error: EngageSpace\/default: DestinationNotFound: /m)
})
