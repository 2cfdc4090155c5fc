import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { FINALIZER } from '../../src/model/resource.ts'
import { ENGAGE } from '../../src/operator/resource-types.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { describeOnCluster } from '../kubernetes/on-cluster.ts'
import { BreakableForward } from './breakable-forward.ts'
import { Fleet } from './fleet.ts'
import { activation, destination, space } from './manifests.ts'
import { RunningOperator } from './running-operator.ts'
import { WatchedDatabase } from './watched-database.ts'

describeOnCluster('deletion', (cluster) => {
  let database: WatchedDatabase
  let way: BreakableForward
  let fleet: Fleet
  let operator: RunningOperator
  /** A namespace that goes in a test. */
  let other: string

  beforeAll(async () => {
    const { namespace, kubeconfig } = cluster()
    other = `${namespace}-other`
    database = await WatchedDatabase.create()
    way = await BreakableForward.to(database.port)
    fleet = new Fleet(kubeconfig, namespace)
    operator = await RunningOperator.start({ ...cluster(), watch: [namespace, other] })
    await fleet.putSecret(database.password)
    await fleet.apply(destination(namespace, address()), space(namespace), activation(namespace, 'kept'))
  })
  afterAll(async () => {
    await operator[Symbol.asyncDispose]()
    await way[Symbol.asyncDispose]()
    await fleet[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const address = () => ({ ...database.address, port: way.port })
  /** Activations whose tables go with them. */
  const dropping = (name: string, spec: object = {}) =>
    activation(cluster().namespace, name, { deletionPolicy: 'Delete', ...spec })
  const held = async (name: string) => (await fleet.get('Activation', name)).metadata.finalizers ?? []
  const gone = (name: string, seconds = 20) =>
    eventually(`the end of ${name}`, seconds, async () => !(await fleet.exists(ENGAGE.Activation, name)))
  const outage = () => {
    way.cut()
    onTestFinished(() => way.mend())
  }

  test('Delete drops what the activation alone has, and nothing else', async () => {
    const shared = (name: string, trigger: string) =>
      dropping(name, { storageActions: { table: 'shared', triggers: [trigger] } })
    await fleet.apply(dropping('own'), shared('one', 'EntityAdded'), shared('two', 'EntityRemoved'))
    await fleet.allReady('Activation')
    expect(await held('own')).toEqual([FINALIZER])
    expect(await held('kept')).toEqual([])
    await database.query('CREATE TABLE main.by_hand (id text)')

    await Promise.all(['own', 'one', 'kept'].map((name) => fleet.delete('Activation', name)))
    await Promise.all(['own', 'one', 'kept'].map((name) => gone(name)))
    await operator.isIdle()
    expect(await database.tables()).toEqual(['engage_main.users', 'main.by_hand', 'main.kept', 'main.shared'])
    const dropped = (await database.ddl()).filter(({ tag }) => tag === 'DROP TABLE').map(({ object }) => object)
    expect(dropped).toEqual(['main.own'])
  })

  test('the loser of two claims never touches the table of the winner', async () => {
    await fleet.apply(dropping('winner'))
    const winner = await fleet.hasReady('Activation', 'winner', 'True Ready')
    // Who came first is told by seconds, and the API server runs on this machine's clock.
    const created = Date.parse(winner.metadata.creationTimestamp ?? '')
    await eventually('the next second', 5, async () => Date.now() >= created + 1000)
    await fleet.apply(dropping('loser', { storageActions: { table: 'winner', triggers: ['EntityAdded'] } }))
    await fleet.hasReady('Activation', 'loser', 'False Conflict')
    expect(await held('loser')).toEqual([])
    await fleet.delete('Activation', 'loser')
    await gone('loser')
    await operator.isIdle()
    expect(await database.tables()).toContain('main.winner')
    await fleet.hasReady('Activation', 'winner', 'True Ready')
  })

  test('a namespace with Retain goes though its warehouse cannot be reached', async () => {
    const { kubeconfig, kubectl } = cluster()
    await kubectl(['create', 'namespace', other])
    await using others = new Fleet(kubeconfig, other)
    await others.putSecret(database.password)
    const bookkeepingSchema = 'other_ledger'
    await others.apply(
      destination(other, address(), { bookkeepingSchema }),
      space(other, 'elsewhere'),
      activation(other, 'far', { spaceRef: { name: 'elsewhere' } }),
    )
    await others.hasReady('Activation', 'far', 'True Ready')
    outage()
    await kubectl(['delete', 'namespace', other, '--timeout=60s'])
    expect(await database.tables()).toContain('elsewhere.far')
  })

  test('Delete waits for a warehouse that is down, says both ways out, and goes on when it is back', async () => {
    await fleet.apply(dropping('waits'), dropping('released'))
    await fleet.allReady('Activation')
    outage()
    await fleet.delete('Activation', 'waits')
    await fleet.delete('Activation', 'released')
    const blocked = await fleet.hasReady('Activation', 'waits', 'False DeletionBlocked')
    expect(JSON.stringify(blocked.status)).toContain('engageops.dev/force-orphan')
    await fleet.annotate('Activation', 'released', { 'engageops.dev/force-orphan': 'true' })
    await gone('released')
    expect(await fleet.exists(ENGAGE.Activation, 'waits')).toBe(true)
    way.mend()
    await gone('waits', 75)
    expect(await database.tables()).not.toContain('main.waits')
    expect(await database.tables()).toContain('main.released')
  })

  test('Delete without its destination is blocked until it is released', async () => {
    await fleet.delete('WarehouseDestination', 'warehouse')
    await fleet.hasReady('Activation', 'winner', 'False DestinationNotFound')
    await fleet.delete('Activation', 'winner')
    await fleet.hasReady('Activation', 'winner', 'False DeletionBlocked')
    await fleet.annotate('Activation', 'winner', { 'engageops.dev/force-orphan': 'true' })
    await gone('winner')
    expect(await database.tables()).toContain('main.winner')
  })
})
