import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { SECRETS } from '../../src/operator/resource-types.ts'
import { describeOnCluster } from '../kubernetes/on-cluster.ts'
import { BreakableForward } from './breakable-forward.ts'
import { Fleet } from './fleet.ts'
import { activation, destination, space } from './manifests.ts'
import { RunningOperator, sum } from './running-operator.ts'
import { WatchedDatabase } from './watched-database.ts'

const SPACES = 10
/** 200 activations, in ten spaces. */
const PER_SPACE = 20
const OUTAGE_MS = 45_000

describeOnCluster('a warehouse that fails', (cluster) => {
  let database: WatchedDatabase
  let way: BreakableForward
  let fleet: Fleet
  let operator: RunningOperator

  beforeAll(async () => {
    const { namespace, kubeconfig } = cluster()
    database = await WatchedDatabase.create()
    way = await BreakableForward.to(database.port)
    fleet = new Fleet(kubeconfig, namespace)
    await fleet.putSecret(database.password)
    await fleet.apply(destination(namespace, { ...database.address, port: way.port }))
    for (let index = 0; index < SPACES; index += 1) {
      const name = `s${index}`
      await fleet.apply(space(namespace, name))
      const names = Array.from({ length: PER_SPACE }, (_, number) => `${name}-a${number}`)
      await fleet.apply(...names.map((it) => activation(namespace, it, { spaceRef: { name } })))
    }
    operator = await RunningOperator.start(cluster())
    await operator.says('leading')
    await fleet.allReady('Activation')
  }, 120_000)
  afterAll(async () => {
    await operator[Symbol.asyncDispose]()
    await way[Symbol.asyncDispose]()
    await fleet[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })
  beforeEach(() => operator.isIdle())

  test('down while 200 activations want it: one probe loop, and its return wakes all', async () => {
    const before = way.attempts
    way.cut()
    onTestFinished(() => way.mend())
    const begin = Date.now()
    // Each space finds out once that something is wrong; then they wait for the probe.
    for (let index = 0; index < SPACES; index += 1) {
      await fleet.apply(activation(cluster().namespace, `s${index}-new`, { spaceRef: { name: `s${index}` } }))
    }
    await fleet.allReady('WarehouseDestination', 'False WarehouseUnreachable')
    await fleet.allReady('Activation', 'False DestinationNotReady')
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, OUTAGE_MS - (Date.now() - begin))))
    const attempts = way.attempts - before
    // One of each space, and probes after 5, 10, 20 s: 5 with the first, and one to spare.
    expect(attempts).toBeLessThanOrEqual(SPACES + 6)
    expect(sum(await operator.metrics(), 'workqueue_depth')).toBe(0)

    way.mend()
    const mended = Date.now()
    await fleet.allReady('Activation', 'True Ready', 70)
    await fleet.allReady('EngageSpace', 'True Ready', 10)
    expect(await database.tables()).toContain('s9.s9_new')
    // The probe comes once a minute at the longest; from there it takes moments.
    expect(Date.now() - mended).toBeLessThan(66_000 + 5_000)
  })

  test('a Secret that goes missing, and one that is rotated', async () => {
    const { namespace, name } = { namespace: cluster().namespace, name: 'postgres' }
    await fleet.client.delete(SECRETS, { namespace, name })
    // Anything that touches the warehouse shows it; nothing that is there is changed.
    await fleet.apply(activation(namespace, 's0-secret', { spaceRef: { name: 's0' } }))
    const missing = await fleet.hasReady('WarehouseDestination', 'warehouse', 'False SecretNotFound')
    expect(JSON.stringify(missing.status)).toContain('there is no Secret postgres')
    await fleet.hasReady('Activation', 's0-secret', 'False DestinationNotReady')

    await fleet.putSecret('wrong')
    await fleet.hasReady('WarehouseDestination', 'warehouse', 'False AuthenticationFailed', 70)
    await fleet.putSecret(database.password)
    await fleet.hasReady('WarehouseDestination', 'warehouse', 'True Ready', 70)
    await fleet.allReady('Activation')
    expect(await database.tables()).toContain('s0.s0_secret')
    const told = JSON.stringify([operator.lines, await fleet.all('WarehouseDestination')])
    expect(told).not.toContain(database.password)
  })
})
