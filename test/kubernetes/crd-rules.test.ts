import { expect, test } from 'vitest'
import type { Kind } from '../../src/model/resource.ts'
import { ALLOWED, REFUSED } from '../model/immutable-cases.ts'
import { ACTIONS, CLASSIC, POSTGRES, problemsOf } from '../model/manifests.ts'
import { BROKEN, TWICE, VALID } from '../model/rule-cases.ts'
import { dryRun, dryRunChange } from './dry-run.ts'
import { describeOnCluster } from './on-cluster.ts'

/** `spec.name: "engageops"` is the field spec.name. */
const fieldOf = (path: string): string => path.split(': ')[0] ?? ''

describeOnCluster('a real API server', (cluster) => {
  test.each(VALID)('takes %s %j', async (kind, spec) => {
    expect(await dryRun(cluster(), kind, spec)).toBeUndefined()
  })

  test.each(BROKEN)('refuses %s %j with our words', async (kind, spec, path, message) => {
    const refusal = await dryRun(cluster(), kind, spec)
    expect(refusal?.fields).toEqual([expect.objectContaining({ message: expect.stringContaining(message) })])
    // A rule that compares two lists names a list, and no item of it.
    const list = fieldOf(path).replace(/\[\d+\]\.\w+$/, '')
    expect([fieldOf(path), list]).toContain(refusal?.fields[0]?.field)
  })

  test.each(TWICE)('refuses %s %j, an item twice', async (kind, spec, path) => {
    const refusal = await dryRun(cluster(), kind, spec)
    const item = fieldOf(path).replace(/(\[\d+\]).*/, '$1')
    expect(refusal?.fields).toEqual([
      expect.objectContaining({ field: item, message: expect.stringContaining('Duplicate value') }),
    ])
  })

  test.each(REFUSED)('refuses the change of %s %j to %j', async (kind, before, after, field, was) => {
    const refusal = await dryRunChange(cluster(), kind, before, after)
    expect(refusal?.fields).toEqual([
      expect.objectContaining({
        field,
        message: expect.stringContaining(`cannot be changed: it was ${was}; set it back`),
      }),
    ])
  })

  test.each(ALLOWED)('takes the change of %s %j to %j', async (kind, before, after) => {
    expect(await dryRunChange(cluster(), kind, before, after)).toBeUndefined()
  })

  const { spaceRef: _missing, ...noSpace } = CLASSIC
  test.each<[Kind, spec: unknown, field: string, words: string]>([
    ['Activation', noSpace, 'spec.spaceRef', 'Required value'],
    ['Activation', { ...CLASSIC, spaceRef: { name: 'Default' } }, 'spec.spaceRef.name', 'should match'],
    [
      'Activation',
      { ...ACTIONS, storageActions: { table: 't', triggers: ['AudienceEntred'] } },
      'spec.storageActions.triggers[0]',
      'supported values: "AudienceEntered"',
    ],
    [
      'WarehouseDestination',
      { postgres: { ...POSTGRES.postgres, port: '5432' } },
      'spec.postgres.port',
      'must be of type integer',
    ],
  ])('refuses %s %j where zod does, and names the field', async (kind, spec, field, words) => {
    const refusal = await dryRun(cluster(), kind, spec)
    expect(refusal?.fields).toContainEqual(expect.objectContaining({ field, message: expect.stringContaining(words) }))
    expect(problemsOf(kind, spec).map(fieldOf)).toContain(field)
  })

  test('refuses an unknown field', async () => {
    const refusal = await dryRun(cluster(), 'Activation', { ...CLASSIC, suspended: true })
    expect(refusal?.message).toContain('unknown field "spec.suspended"')
  })

  test.each([
    { postgres: { ...POSTGRES.postgres, passwordSecretRef: 'hunter2' } },
    { postgres: { ...POSTGRES.postgres, password: 'hunter2' } },
  ])('refuses a secret in place of a reference, and does not repeat it: %j', async (spec) => {
    const refusal = await dryRun(cluster(), 'WarehouseDestination', spec)
    expect(refusal?.message).toContain('spec.postgres.password')
    expect(JSON.stringify(refusal)).not.toContain('hunter2')
  })
})
