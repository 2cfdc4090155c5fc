import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { LEASES } from '../../src/kube/lease.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { describeOnCluster } from '../kubernetes/on-cluster.ts'
import { Fleet } from './fleet.ts'
import { activation } from './manifests.ts'
import { RunningOperator } from './running-operator.ts'
import { replicaEnv, WatchedDatabase } from './watched-database.ts'

describeOnCluster('an operator that is killed', (cluster) => {
  let database: WatchedDatabase
  let fleet: Fleet

  beforeAll(async () => {
    database = await WatchedDatabase.create()
    fleet = new Fleet(cluster().kubeconfig, cluster().namespace)
    await fleet.connect(database, ['first'])
  })
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  /** Runs until the test ends, at the latest. */
  const start = async (podName = 'operator') => {
    const operator = await RunningOperator.start({ ...cluster(), podName, env: replicaEnv(podName) })
    onTestFinished(() => operator[Symbol.asyncDispose]())
    return operator
  }
  /** So that the next one need not wait until the Lease of a dead one expires. */
  const deleteLease = () => fleet.client.delete(LEASES, { ...cluster(), name: 'engageops-operator' })

  test('ten times at random between DDL and status: converges, and a second look changes nothing', async () => {
    const names = ['first']
    for (let round = 0; round < 10; round += 1) {
      const operator = await start()
      await operator.says('leading')
      const fresh = [`a${round}`, `b${round}`, `c${round}`]
      names.push(...fresh)
      await fleet.apply(...fresh.map((name) => activation(cluster().namespace, name)))
      // Any moment of some 200 ms of work.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300))
      operator.send('SIGKILL')
      await operator.ended
      await deleteLease()
    }
    const operator = await start()
    await fleet.allReady('Activation')
    await operator.isIdle()
    const tables = await database.tables()
    for (const name of names) expect(tables).toContain(`main.${name}`)
    expect(new Set((await database.ddl()).filter(({ tag }) => tag === 'DROP TABLE'))).toEqual(new Set())
    operator.send('SIGTERM')
    expect(await operator.ended).toBe(0)

    const before = { versions: await fleet.versions(), ddl: await database.ddl(), rows: await database.rowsWritten() }
    const second = await start()
    await second.isIdle()
    expect({
      versions: await fleet.versions(),
      ddl: await database.ddl(),
      rows: await database.rowsWritten(),
    }).toEqual(before)
  }, 300_000)

  describe('with a standby', () => {
    test('a crash: the standby works within 20 seconds; SIGTERM: within 3', async () => {
      const [leader, standby] = await leaderAndStandby()
      const crashed = Date.now()
      leader.send('SIGKILL')
      await firstReconcile(standby)
      expect(Date.now() - crashed).toBeLessThan(20_000)

      const next = await start('next')
      await next.says('caches are filled')
      const told = Date.now()
      standby.send('SIGTERM')
      await firstReconcile(next)
      expect(Date.now() - told).toBeLessThan(3_000)
      expect(await standby.ended).toBe(0)
    })

    test('a leader that was paused for 20 seconds changes nothing any more, and ends', async () => {
      const [leader, standby] = await leaderAndStandby()
      const { namespace } = cluster()
      const burst = Array.from({ length: 40 }, (_, index) => `paused-${index}`)
      await fleet.apply(...burst.map((name) => activation(namespace, name)))
      await eventually(
        'work of the leader',
        10,
        async () =>
          (
            await database.query(
              'SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE backend_xid IS NOT NULL',
            )
          ).length > 0,
      ).catch(() => undefined)
      leader.send('SIGSTOP')
      const paused = Date.now()
      await standby.says('leading', 30)
      await fleet.apply(activation(namespace, 'while-paused'))
      await eventually('20 seconds', 30, async () => Date.now() - paused > 20_000)
      // What the old one finds when it wakes up is work that it would do, were it still the leader.
      await fleet.apply(activation(namespace, 'at-wake-up'))
      leader.send('SIGCONT')
      expect(await leader.ended).toBe(1)
      await fleet.allReady('Activation')
      const late = (await database.ddl()).filter(({ at, replica }) => replica === 'leader' && at > paused + 200)
      expect(late).toEqual([])
      expect(await database.tables()).toContain('main.at_wake_up')
    })

    async function leaderAndStandby() {
      const leader = await start('leader')
      await leader.isIdle()
      const standby = await start('standby')
      await standby.says('caches are filled')
      return [leader, standby] as const
    }

    const firstReconcile = async (operator: RunningOperator) => {
      await operator.says('leading', 30)
      await eventually('a reconcile', 30, async () => {
        const metrics = await operator.metrics()
        return [...metrics].some(([key, count]) => key.startsWith('workqueue_work_duration_seconds_count') && count > 0)
      })
    }
  })
})
