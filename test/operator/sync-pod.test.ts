import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SyncConfig } from '../../src/operator/sync-config.ts'
import { runSyncPod } from '../../src/operator/sync-pod.ts'
import { SyncBench } from '../sync/harness.ts'

const CALL = {
  type: 'identify',
  messageId: 'm1',
  userId: 'u1',
  receivedAt: '2026-03-01T00:00:00Z',
  traits: { vip: true },
}

test('says what it waits for while another holds the lease, and ends at once when it is told to', async () => {
  const bench = await SyncBench.create()
  try {
    const order = await bench.prepare({
      space: {
        audiences: [{ key: 'vip' }],
        sources: [{ name: 'calls', volume: { claimName: 'calls' } }],
      },
      activations: { vip: { computation: { audience: 'vip' }, classic: {} } },
    })
    await bench.write('a.ndjson', [CALL])
    const paths = {
      order: join(bench.root, 'order'),
      secrets: join(bench.root, 'secrets'),
      volumes: bench.root,
      terminationMessage: join(bench.root, 'termination-message'),
    }
    const settings = { path: join(bench.root, 'test.duckdb') }
    const config: SyncConfig = { version: 1, order, warehouse: { kind: 'duckdb', settings } }
    await mkdir(paths.order)
    await writeFile(join(paths.order, 'order.json'), JSON.stringify(config))

    const write = async (sql: string) => {
      await using session = await bench.warehouse.connect()
      await session.execute(sql)
    }
    await write(`INSERT INTO engageops.leases VALUES ('${order.scope}', 'another-job', 1, '2099-01-01')`)
    const stop = new AbortController()
    const told: string[] = []
    const onWait = (why: string) => {
      told.push(why)
      stop.abort()
    }
    const waiting = await runSyncPod({ runId: 'r1', holder: 'job', signal: stop.signal, paths, onWait })
    expect(waiting).toMatchObject({ status: 'Failure', error: { reason: 'LeaseHeld', consequence: 'Wait' } })
    expect(told).toEqual([expect.stringContaining('another-job until 2099-01-01')])
    expect(await readFile(paths.terminationMessage, 'utf8')).toContain('LeaseHeld')

    await write('DELETE FROM engageops.leases')
    const { signal } = new AbortController()
    expect(await runSyncPod({ runId: 'r2', holder: 'job', signal, paths, onWait })).toMatchObject({
      status: 'Success',
      calls: 1,
    })
    expect(told).toHaveLength(1)
  } finally {
    await bench.remove()
  }
})
