import { describe, expect, test } from 'vitest'
import { structuralSpec } from '../../src/model/crd.ts'
import type { Kind } from '../../src/model/resource.ts'
import { celMessages } from './cel.ts'
import { POSTGRES, problemsOf, resource } from './manifests.ts'
import { BROKEN, ONE_STORAGE, TWICE, VALID, withSchedule } from './rule-cases.ts'

const [DESTINATION, ENGAGE_SPACE, ACTIVATION] = ['WarehouseDestination', 'EngageSpace', 'Activation'] as const

test.each(VALID)('%s %j is valid for zod and for the API server', (kind, spec) => {
  expect(problemsOf(kind, spec)).toEqual([])
  const { spec: parsed } = resource(kind, spec)
  expect(celMessages(structuralSpec(kind), parsed)).toEqual([])
})

describe('rules of one resource, with the same words from zod and from the API server', () => {
  test.each(BROKEN)('%s %j', (kind, spec, path, message) => {
    expect(problemsOf(kind, spec)).toEqual([path.includes(': ') ? `${path} ${message}` : `${path}: ${message}`])
    expect(celMessages(structuralSpec(kind), withDefaults(kind, spec))).toEqual([message])
  })
})

/** The defaults that the rules count on, as the API server fills them in before it runs the rules. */
function withDefaults(kind: Kind, spec: unknown): unknown {
  return kind === ENGAGE_SPACE
    ? { destinations: [], audiences: [], computedTraits: [], journeys: [], ...Object(spec) }
    : spec
}

test.each(TWICE)('%s %j has an item twice', (kind, spec, path) => {
  expect(problemsOf(kind, spec)).toEqual([`${path} stands twice in the list: keep one of them`])
})

describe('what CEL cannot say', () => {
  test.each(['0 0 30 2 *', '0 0 31 4,6 *', '10-5 * * * *', '*/90 * * * *'])('the schedule %s never fires', (text) => {
    expect(problemsOf(DESTINATION, withSchedule(text))).toEqual([
      `spec.sync.schedule: "${text}" never fires: write five cron fields that some day fits, such as "0 * * * *"`,
    ])
  })

  test.each(['0 0 29 2 *', '5 4 * * SUN', '0,30 1-5/2 1,15 jan-mar *'])('the schedule %s is fine', (text) => {
    expect(problemsOf(DESTINATION, withSchedule(text))).toEqual([])
  })

  test.each(['Europe/Berln', 'europe/berlin', '+02:00', 'Local'])('there is no time zone %s', (timeZone) => {
    expect(problemsOf(DESTINATION, { ...POSTGRES, sync: { timeZone } })).toEqual([
      `spec.sync.timeZone: "${timeZone}" is not a time zone: write a name of the tz database, such as Europe/Berlin or Etc/UTC`,
    ])
  })

  test.each(['Etc/UTC', 'UTC', 'America/Argentina/Buenos_Aires', 'Asia/Kolkata'])('%s is a time zone', (timeZone) => {
    expect(problemsOf(DESTINATION, { ...POSTGRES, sync: { timeZone } })).toEqual([])
  })
})

test('every problem is found at once, whatever else is wrong', () => {
  const spec = {
    spaceRef: { name: 'Default' },
    computation: { computedTrait: 't' },
    storageActions: { table: 't', triggers: ['AudienceEntred'] },
    classic: {},
    suspended: true,
  }
  expect(problemsOf(ACTIVATION, spec)).toEqual([
    'spec.spaceRef.name: "Default" is not a resource name: write lower-case letters, digits and -, such as main-warehouse',
    'spec.destinationRef: is missing: write a map of fields',
    'spec.storageActions.triggers[0]: "AudienceEntred" must be AudienceEntered, AudienceExited, EntityAdded, EntityRemoved or JourneyStepEntered, did you mean AudienceEntered?',
    'spec.suspended: unknown field `suspended`, did you mean `suspend`?',
    `spec: ${ONE_STORAGE}`,
    'spec.storageActions: computed traits work with classic storage only: use classic',
  ])
})
