import { expect, onTestFinished, test } from 'vitest'
import { describeOnCluster } from '../kubernetes/on-cluster.ts'
import { RunningOperator } from './running-operator.ts'

describeOnCluster('operators of one namespace', (cluster) => {
  const start = async (podName: string, ...flags: string[]) => {
    const operator = await RunningOperator.start({ ...cluster(), podName, flags })
    onTestFinished(() => operator[Symbol.asyncDispose]())
    return operator
  }

  test('lead together with a Lease each, and one at a time with the same, which the others say', async () => {
    const a = await start('a', '--selector', 'shard=a', '--lease-name', 'shard-a')
    const b = await start('b', '--selector', 'shard!=a', '--lease-name', 'rest')
    await a.says('leading')
    await b.says('leading')
    const standby = await start('c', '--selector', 'shard!=a', '--lease-name', 'rest')
    const { identity } = await b.says('leading')
    expect(await standby.says('waiting for the lease')).toMatchObject({ lease: 'rest', holder: identity })
    b.send('SIGTERM')
    await b.ended
    await standby.says('leading')
    expect(a.isRunning).toBe(true)
  })
})
