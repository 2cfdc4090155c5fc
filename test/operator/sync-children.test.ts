import { expect, test } from 'vitest'
import { applyChildren } from '../../src/operator/sync-children.ts'
import { clientOf, json, refuse, scriptedServer } from '../kube/scripted-server.ts'
import { CONFIG, DESTINATION, SPACE } from './pair.ts'

/** An API server where nothing is yet, and that refuses to have one kind of object. */
async function make(refused: string, code: number): Promise<string> {
  const { url } = await scriptedServer(({ method, path }, response) => {
    if (method === 'GET') return refuse(response, 404, 'NotFound')
    if (path.includes(`/${refused}`)) return refuse(response, code, 'exceeded quota')
    json(response, {})
  })
  const nothing = { get: () => undefined }
  const context = { client: clientOf(url), image: { name: 'x' }, cronJobs: nothing, configMaps: nothing }
  return await applyChildren(context, SPACE, DESTINATION, CONFIG.order)
}

test.each([
  ['configmaps', 'ConfigMap default-warehouse-sync-'],
  ['cronjobs', 'CronJob default-warehouse-sync'],
])('%s that the API server refuses are a trouble of the pair, and say what to do', async (plural, object) => {
  await expect(make(plural, 403)).rejects.toMatchObject({
    name: 'EngageError',
    reason: 'PermissionDenied',
    consequence: 'Retry',
    message: expect.stringMatching(`refuses ${object}.*exceeded quota.*change the quota`),
  })
  await expect(make(plural, 400)).rejects.toMatchObject({ reason: 'PermissionDenied', consequence: 'Retry' })
  await expect(make(plural, 422)).rejects.toMatchObject({
    reason: 'InvalidSpec',
    consequence: 'Stalled',
    message: expect.stringContaining('correct spec.sync of WarehouseDestination warehouse'),
  })
})

test('what the API server itself fails at is no refusal', async () => {
  await expect(make('configmaps', 501)).rejects.toMatchObject({ name: 'KubeError', code: 501 })
})
