import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { cronJobName, syncCronJob } from '../../src/operator/cron-job.ts'
import { CONFIG, DESTINATION, SPACE } from './pair.ts'

const cronJob = () =>
  syncCronJob({
    space: SPACE,
    destination: DESTINATION,
    config: CONFIG,
    configMaps: ['default-warehouse-sync-1'],
    image: { name: 'engageops:1', pullPolicy: 'Never' },
  })

test('the CronJob of a space in a destination', async () => {
  await expect(stringify(cronJob(), { lineWidth: 0 })).toMatchFileSnapshot('golden/cron-job.yaml')
})

test('its pod mounts every Secret that is referred to, and holds no value', () => {
  const text = JSON.stringify(cronJob())
  for (const name of ['warehouse', 'authority', 'archive']) expect(text).toContain(`"secretName":"${name}"`)
  expect(text).not.toContain('secretKeyRef')
})

test('resources that are declared are taken as they are: defaults beside them could contradict them', () => {
  const resources = { limits: { memory: '40Mi' } }
  const { sync, ...spec } = DESTINATION.spec
  const destination = { ...DESTINATION, spec: { ...spec, sync: { ...sync, pod: { resources } } } }
  const { jobTemplate } = syncCronJob({
    space: SPACE,
    destination,
    config: CONFIG,
    configMaps: [],
    image: { name: 'engageops:1' },
  }).spec
  expect(JSON.stringify(jobTemplate)).toContain('"resources":{"limits":{"memory":"40Mi"}}')
})

const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)

test('names fit a CronJob and differ for different pairs of long names', () => {
  fc.assert(
    fc.property(name, name, name, name, (space, destination, otherSpace, otherDestination) => {
      const one = cronJobName(space, destination)
      expect(one.length).toBeLessThanOrEqual(52)
      expect(one).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      const isLong = `${space}-${destination}-sync`.length > 52
      if (isLong && (space !== otherSpace || destination !== otherDestination)) {
        expect(cronJobName(otherSpace, otherDestination)).not.toBe(one)
      }
    }),
  )
})
