import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { Backend, EngageAssertions } from '@engageops/cdktf'
import { Testing } from 'cdktf'
import { EngageStack } from './engage-stack'

const stackWith = (backend: Backend) =>
  new EngageStack(Testing.app(), 'engage', {
    namespace: 'engage',
    backend,
    warehouse: { host: 'db.example.com', database: 'analytics', username: 'engageops' },
  })

test('abandoned carts get a table of their own', () => {
  const stack = stackWith(Backend.KUBECTL_MANIFEST)
  assert.deepEqual(stack.abandonedCarts.tables, [{ schema: 'default', name: 'abandoned_carts' }])
  const resources = EngageAssertions.fromConstruct(stack)
  resources.resourceCountIs('Activation', 3)
  resources.hasActivation({
    computation: { audience: 'abandoned_carts' },
    storageActions: { table: 'abandoned_carts' },
  })
})

test('the warehouse is synced once an hour, with a password that is a secret', () => {
  EngageAssertions.fromConstruct(stackWith(Backend.KUBECTL_MANIFEST)).hasDestination({
    sync: { schedule: '0 * * * *' },
    postgres: { passwordSecretRef: { name: 'warehouse-password', key: 'password' } },
  })
})

for (const backend of [Backend.KUBERNETES_MANIFEST, Backend.KUBECTL_MANIFEST]) {
  test(`a stack of ${backend} has every resource`, () => {
    const { resource } = JSON.parse(Testing.synth(stackWith(backend), true))
    const written = Object.keys(resource[backend])
    assert.ok(written.includes('activation_engage_abandoned-carts'), written.join())
  })
}
