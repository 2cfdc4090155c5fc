import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatError, formatNote, loadManifests, parseManifests } from '../../src/model/load.ts'

const load = (text: string) => parseManifests([{ file: 'a.yaml', text }])
const errorsOf = (text: string) => load(text).errors.map(formatError)

const SPACE = `apiVersion: engageops.dev/v1alpha1
kind: EngageSpace
metadata:
  name: default
spec:
  name: default
`
const DESTINATION = `apiVersion: engageops.dev/v1alpha1
kind: WarehouseDestination
metadata:
  name: main
spec:
  postgres:
    host: db.example.com
    database: analytics
    username: engage
    passwordSecretRef: {name: warehouse, key: password}
`

describe('resources', () => {
  test('of many documents, with defaults, and the line where each stands', () => {
    const { resources, errors, notes } = load(`# a comment\n${DESTINATION}---\n${SPACE}`)
    expect(errors).toEqual([])
    expect(notes).toEqual([])
    expect(resources.map(({ resource, file, line }) => [resource.kind, resource.metadata, file, line])).toEqual([
      ['WarehouseDestination', { name: 'main', namespace: 'default' }, 'a.yaml', 2],
      ['EngageSpace', { name: 'default', namespace: 'default' }, 'a.yaml', 13],
    ])
    expect(resources[0]?.resource.spec).toMatchObject({
      postgres: { port: 5432, sslMode: 'VerifyFull' },
      sync: { schedule: '0 * * * *', timeZone: 'Etc/UTC' },
      bookkeepingSchema: 'engageops',
    })
  })

  test('as JSON, indented with tabs', () => {
    const { resources, errors } = load(
      '{\n\t"apiVersion": "engageops.dev/v1alpha1",\n\t"kind": "EngageSpace",\n\t"metadata": {"name": "x", "namespace": "team"},\n\t"spec": {"name": "x"}\n}\n',
    )
    expect(errors).toEqual([])
    expect(resources[0]?.resource.metadata).toEqual({ name: 'x', namespace: 'team' })
  })

  test('as kubectl prints them: a List, with what the cluster set and with a status', () => {
    const { resources, errors } = load(`apiVersion: v1
kind: List
items:
- apiVersion: engageops.dev/v1alpha1
  kind: EngageSpace
  metadata:
    name: default
    namespace: team
    uid: 0a0a
    resourceVersion: "7"
    creationTimestamp: "2026-01-01T00:00:00Z"
    annotations: {engageops.dev/approve-plan: abc}
  spec:
    name: default
  status:
    conditions: []
- apiVersion: engageops.dev/v1alpha1
  kind: EngageSpace
  metadata:
    name: other
  spec:
    nam: other
`)
    expect(errors.map(formatError)).toEqual([
      'a.yaml:21: EngageSpace/other: spec.name: is missing: write text',
      'a.yaml:22: EngageSpace/other: spec.nam: unknown field `nam`, did you mean `name`?',
    ])
    expect(resources.map(({ resource, line }) => [resource, line])).toEqual([
      [
        expect.objectContaining({
          metadata: { name: 'default', namespace: 'team', annotations: { 'engageops.dev/approve-plan': 'abc' } },
        }),
        4,
      ],
    ])
    expect(resources[0]?.resource).not.toHaveProperty('status')
  })

  test('with anchors, aliases and merge keys', () => {
    const { resources, errors } = load(`${SPACE}  audiences:
  - &vip {key: vip, type: Linked}
  - {<<: *vip, key: other}
`)
    expect(errors).toEqual([])
    expect(resources[0]?.resource.spec).toMatchObject({ audiences: [{ key: 'vip' }, { key: 'other', type: 'Linked' }] })
  })

  test.each([
    ['CRLF', SPACE.replaceAll('\n', '\r\n')],
    ['empty documents around', `---\n---\n${SPACE}---\n# nothing\n---\n`],
  ])('with %s', (_, text) => {
    expect(errorsOf(text)).toEqual([])
    expect(load(text).resources).toHaveLength(1)
  })

  test('with names of all scripts, emoji and SQL', () => {
    const keys = ['会员', 'عميل', '🎉👩‍👩‍👧', "x'); DROP TABLE users; --", 'caf\u00e9', 'cafe\u0301', 'K'.repeat(255)]
    const { resources, errors } = load(`${SPACE}  audiences: ${JSON.stringify(keys.map((key) => ({ key })))}\n`)
    expect(errors).toEqual([])
    expect(resources[0]?.resource.spec).toMatchObject({ audiences: keys.map((key) => ({ key })) })
  })
})

describe('errors', () => {
  test('of all documents at once, each at its line', () => {
    expect(
      errorsOf(`${DESTINATION}  sync:
    suspend: "yes"
    historyLimit: 1.5
  adoptionPolicy: never
---
${SPACE}  destinations:
  - name: Main Warehouse
    selectivSync: []
  audiences:
  - key: 12345
  - name: VIP
---
apiVersion: engageops.dev/v1
kind: Activation
metadata: {name: x}
spec:
`),
    ).toEqual([
      'a.yaml:12: WarehouseDestination/main: spec.sync.suspend: "yes" must be true or false',
      'a.yaml:13: WarehouseDestination/main: spec.sync.historyLimit: 1.5 must be a whole number',
      'a.yaml:14: WarehouseDestination/main: spec.adoptionPolicy: "never" must be IfCompatible, Never or Always, did you mean Never?',
      'a.yaml:23: EngageSpace/default: spec.destinations[0].name: "Main Warehouse" is not a resource name: write lower-case letters, digits and -, such as main-warehouse',
      'a.yaml:24: EngageSpace/default: spec.destinations[0].selectivSync: unknown field `selectivSync`, did you mean `selectiveSync`?',
      'a.yaml:26: EngageSpace/default: spec.audiences[0].key: 12345 must be text: write it in quotes',
      'a.yaml:27: EngageSpace/default: spec.audiences[1].key: is missing: write text',
      'a.yaml:29: Activation/x: apiVersion: "engageops.dev/v1" must be engageops.dev/v1alpha1',
      'a.yaml:32: Activation/x: spec: is empty: write a map of fields',
    ])
  })

  test.each([
    [
      'kind: EngageSpace\nmetadata: {name: x}\nspec: {name: x}\n',
      'EngageSpace/x: apiVersion: is missing: write engageops.dev/v1alpha1',
    ],
    [
      'apiVersion: v1\nkind: EngageSpace\nmetadata: {name: x}\nspec: {name: x}\n',
      'EngageSpace/x: apiVersion: "v1" must be engageops.dev/v1alpha1',
    ],
    [
      'apiVersion: engageops.dev/v1alpha1\nkind: EngageSpcae\nmetadata: {name: x}\n',
      'EngageSpcae/x: kind: "EngageSpcae" must be WarehouseDestination, EngageSpace or Activation, did you mean EngageSpace?',
    ],
    [
      'apiVersion: engageops.dev/v1alpha1\nmetadata: {name: x}\n',
      '?/x: kind: is missing: write WarehouseDestination, EngageSpace or Activation',
    ],
    [
      SPACE.replace('name: default\nspec', 'nmae: default\nspec'),
      'EngageSpace/?: metadata.name: is missing: write text',
    ],
    [SPACE.replace('spec:', 'spce:'), 'EngageSpace/default: spce: unknown field `spce`, did you mean `spec`?'],
    [
      SPACE.replace('metadata:', 'metadata:\n  lables: {a: b}'),
      'EngageSpace/default: metadata.lables: unknown field `lables`, did you mean `labels`?',
    ],
    [
      SPACE.replace('metadata:', 'metadata:\n  labels: {tier: 1}'),
      'EngageSpace/default: metadata.labels.tier: 1 must be text: write it in quotes',
    ],
    [
      `${SPACE}  destinations: [{name: main, shcemas: {}}]\n`,
      'EngageSpace/default: spec.destinations[0].shcemas: unknown field `shcemas`, did you mean `schemas`?',
    ],
  ])('%j', (text, error) => {
    expect(errorsOf(text).map((line) => line.replace(/^a.yaml:\d+: /, ''))).toContain(error)
  })

  test('two documents of one kind, namespace and name: both places', () => {
    const errors = parseManifests([
      { file: 'a.yaml', text: SPACE },
      { file: 'b.yaml', text: `${SPACE}---\n${SPACE.replace('metadata:', 'metadata:\n  namespace: team')}` },
    ]).errors
    expect(errors.map(formatError)).toEqual([
      'b.yaml:1: EngageSpace/default: metadata.name: stands in a.yaml:1 too: keep one of them, or give this one another name',
    ])
  })

  test.each([
    ['a long value is cut', `name: "${'x'.repeat(100)}"`, /: "x{58}… is too long: write at most 63 characters$/],
    ['control characters are escaped', 'name: "a\\u001b[31m\\nb"', /: "a\\u001b\[31m\\nb" is not a name for a space/],
    [
      'a URL loses user and password',
      'name: "postgres://u1:hunter2@db"',
      /: "postgres:\/\/…@db" is not a name for a space/,
    ],
  ])('%s', (_, line, expected) => {
    const [error] = errorsOf(`${SPACE.slice(0, SPACE.indexOf('spec:'))}spec: {${line}}\n`)
    expect(error).toMatch(expected)
  })
})

describe('secrets', () => {
  test('written where a reference belongs are refused, and never shown', () => {
    const errors = errorsOf(
      DESTINATION.replace(
        'passwordSecretRef: {name: warehouse, key: password}',
        'passwordSecretRef: hunter2\n    password: hunter2',
      ),
    )
    expect(errors).toEqual([
      'a.yaml:10: WarehouseDestination/main: spec.postgres.passwordSecretRef: must name a Secret, never hold the value itself: write {name: NAME-OF-THE-SECRET, key: KEY-IN-IT}',
      'a.yaml:11: WarehouseDestination/main: spec.postgres.password: unknown field `password`: a secret never stands in a manifest, write passwordSecretRef: {name, key}',
    ])
  })

  test('never stand in an error, however they are written', () => {
    const canary = 'hunter2canary'
    const shapes = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => `"${text}`,
      (text) => `"\\${text}"`,
      (text) => `*${text}`,
      (text) => `!${text} x`,
      (text) => `@${text}`,
      (text) => `%${text}`,
      (text) => `&${text}`,
      (text) => `|${text}`,
      (text) => `'a' ${text}`,
      (text) => `a: ${text}`,
      (text) => `[${text}, ${text}]`,
      (text) => `{value: ${text}}`,
      (text) => `{name: [${text}], key: {x: ${text}}}`,
      (text) => `{name: ${text.repeat(30)}, key: ''}`,
      (text) => `${text}\n  ${text}\n${text}`,
    )
    const fields = fc.constantFrom('passwordSecretRef', 'password', 'pasword', 'caSecretRef', 'privateKey', 'token')
    fc.assert(
      fc.property(shapes, fields, (shape, field) => {
        const errors = errorsOf(DESTINATION.replace(/passwordSecretRef: .*/, `${field}: ${shape(canary)}`))
        expect(errors.length).toBeGreaterThan(0)
        expect(errors.join('\n')).not.toContain(canary)
      }),
      { numRuns: 300 },
    )
  })
})

describe('notes', () => {
  test('resources of others, and documents that are none, are ignored', () => {
    const { errors, notes } = load(
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n---\n- 1\n---\nservices: {}\n---\n${SPACE}`,
    )
    expect(errors).toEqual([])
    expect(notes.map(formatNote)).toEqual([
      'a.yaml:1: Deployment of apps/v1 is ignored',
      'a.yaml:5: a document that is not a resource is ignored',
      'a.yaml:7: a document that is not a resource is ignored',
    ])
  })

  test('a deletion policy that drops nothing is worth a warning', () => {
    const activation = (storage: string) => `apiVersion: engageops.dev/v1alpha1
kind: Activation
metadata: {name: vip}
spec:
  spaceRef: {name: default}
  destinationRef: {name: main}
  computation: {audience: vip}
  ${storage}
  deletionPolicy: Delete
`
    expect(load(activation('classic: {}')).notes.map(formatNote)).toEqual([
      'a.yaml:9: Activation/vip: spec.deletionPolicy: Delete drops no table of classic storage, which belongs to the space: leave it out',
    ])
    expect(load(activation('storageActions: {table: vip, triggers: [AudienceEntered]}')).notes).toEqual([])
  })

  test('a schema that others use is worth a warning', () => {
    const { errors, notes } = load(`${SPACE.replace(/name: default\n$/, 'name: main\n')}  destinations:
  - name: a
  - {name: b, schemas: {classic: Public, storageActions: other}}
  - {name: c, schemas: {storageActions: other}}
`)
    expect(errors).toEqual([])
    expect(notes.map(formatNote)).toEqual([
      'a.yaml:8: EngageSpace/default: spec.destinations[0]: the storageActions schema is main, which other tables stand in too: a schema of its own is safer',
      'a.yaml:9: EngageSpace/default: spec.destinations[1]: the classic schema is Public, which other tables stand in too: a schema of its own is safer',
    ])
  })
})

test('standard input is a file of its own', () => {
  expect(loadManifests(['-'], SPACE).resources).toMatchObject([{ file: 'stdin', line: 1 }])
  expect(loadManifests(['-'], `\uFEFF${SPACE}`).errors).toEqual([])
  expect(loadManifests(['-'], '').errors.map(formatError)).toEqual([
    'stdin: no EngageOps resources found: write one, or correct the path',
  ])
})

test('any text gives errors, notes or resources, never a crash', () => {
  const yamlish = fc.stringMatching(/^[-a-z0-9:{}[\]&*!|>'"%@`#,? \n\t]{0,80}$/)
  fc.assert(
    fc.property(fc.oneof(yamlish, fc.string({ unit: 'binary' })), fc.nat(SPACE.length), (noise, at) => {
      load(noise)
      load(SPACE.slice(0, at) + noise + SPACE.slice(at))
    }),
    { numRuns: 500 },
  )
})
