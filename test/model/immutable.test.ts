import { describe, expect, test } from 'vitest'
import { structuralSpec } from '../../src/model/crd.ts'
import { immutableViolations } from '../../src/model/immutable.ts'
import { celMessages } from './cel.ts'
import { ALLOWED, connected, REDSHIFT, REFUSED } from './immutable-cases.ts'
import { ACTIONS, CLASSIC, POSTGRES, resource } from './manifests.ts'

const REMEDY = 'set it back, or make a new'

describe('a change that is refused, here and by the API server', () => {
  test.each(REFUSED)('%s %j -> %j', (kind, before, after, field, was) => {
    const [old, now] = [resource(kind, before), resource(kind, after)]
    expect(immutableViolations(old, now)).toEqual([
      `${field} cannot be changed: it was ${JSON.stringify(was)}; ${REMEDY} ${kind}`,
    ])
    expect(celMessages(structuralSpec(kind), now.spec, old.spec)).toEqual([
      `cannot be changed: it was ${was}; ${REMEDY} ${kind}`,
    ])
  })

  test('an optional field that comes', () => {
    const [old, now] = [
      resource('EngageSpace', connected({ name: 'main' })),
      resource('EngageSpace', connected({ name: 'main', schemas: { storageActions: 'new' } })),
    ]
    expect(immutableViolations(old, now)).toEqual([
      `spec.destinations[0].schemas.storageActions cannot be changed: it was not set; ${REMEDY} EngageSpace`,
    ])
    expect(celMessages(structuralSpec('EngageSpace'), now.spec, old.spec)).toEqual([
      `cannot be changed: it was not set; ${REMEDY} EngageSpace`,
    ])
  })

  test('one computation for another', () => {
    const [old, now] = [
      resource('Activation', CLASSIC),
      resource('Activation', { ...CLASSIC, computation: { journey: 'j' } }),
    ]
    expect(immutableViolations(old, now)).toEqual([
      `spec.computation.audience cannot be changed: it was "vip"; ${REMEDY} Activation`,
      `spec.computation.journey cannot be changed: it was not set; ${REMEDY} Activation`,
    ])
    expect(celMessages(structuralSpec('Activation'), now.spec, old.spec)).toEqual([
      `cannot be changed: it was vip; ${REMEDY} Activation`,
      `cannot be changed: it was not set; ${REMEDY} Activation`,
    ])
  })

  test('one kind of storage for the other', () => {
    const [old, now] = [resource('Activation', CLASSIC), resource('Activation', ACTIONS)]
    expect(immutableViolations(old, now)).toEqual([
      `spec.classic cannot be changed: it was set; ${REMEDY} Activation`,
      `spec.storageActions cannot be changed: it was not set; ${REMEDY} Activation`,
    ])
    expect(celMessages(structuralSpec('Activation'), now.spec, old.spec)).toEqual(
      Array(2).fill(`cannot be changed: ${REMEDY} Activation`),
    )
  })

  test('one warehouse for another', () => {
    const [old, now] = [
      resource('WarehouseDestination', POSTGRES),
      resource('WarehouseDestination', { redshift: REDSHIFT }),
    ]
    expect(immutableViolations(old, now).map((message) => message.split(' ')[0])).toEqual([
      'spec.redshift',
      'spec.postgres',
    ])
    expect(celMessages(structuralSpec('WarehouseDestination'), now.spec, old.spec)).toHaveLength(2)
  })
})

test.each(ALLOWED)('%s %j -> %j may be', (kind, before, after) => {
  const [old, now] = [resource(kind, before), resource(kind, after)]
  expect(immutableViolations(old, now)).toEqual([])
  expect(celMessages(structuralSpec(kind), now.spec, old.spec)).toEqual([])
})
