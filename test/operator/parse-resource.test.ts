import { expect, test } from 'vitest'
import { parseResource } from '../../src/operator/parse-resource.ts'
import { ACTIONS } from '../model/manifests.ts'

const metadata = {
  name: 'bad',
  namespace: 'default',
  uid: 'u1',
  generation: 1,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
}

test('an activation with a mapping that only its verdict refuses is there to be told so', () => {
  const mapping = { properties: { plan: { '@bogus': 1 } } }
  const resource = parseResource({
    kind: 'Activation',
    metadata,
    spec: { ...ACTIONS, storageActions: { ...ACTIONS.storageActions, mapping } },
  })
  expect(resource).toMatchObject({ spec: { storageActions: { mapping } } })
})

test.each([
  ['EngageSpace', { name: 'default' }],
  ['Activation', ACTIONS],
])('a status of %s keeps what stands beside runs that cannot be read', (kind, spec) => {
  const end = '2026-01-01T00:00:00Z'
  const old = { runId: 'old', start: end, end, status: 'Success', rows: 1, notices: [] }
  const run = { ...old, runId: 'new', destination: 'warehouse' }
  const status = { lastHandledSyncRequest: 'r1', lastSync: old, history: [run, old] }
  const { status: read } = parseResource({ kind, metadata, spec, status })
  expect(read).toMatchObject({ lastHandledSyncRequest: 'r1', lastSync: undefined, history: [run] })
})
