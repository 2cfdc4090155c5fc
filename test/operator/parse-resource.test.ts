import { expect, test } from 'vitest'
import { parseResource } from '../../src/operator/parse-resource.ts'
import { ACTIONS } from '../model/manifests.ts'

test('an activation with a mapping that only its verdict refuses is there to be told so', () => {
  const mapping = { properties: { plan: { '@bogus': 1 } } }
  const resource = parseResource({
    kind: 'Activation',
    metadata: {
      name: 'bad',
      namespace: 'default',
      uid: 'u1',
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { ...ACTIONS, storageActions: { ...ACTIONS.storageActions, mapping } },
  })
  expect(resource).toMatchObject({ spec: { storageActions: { mapping } } })
})
