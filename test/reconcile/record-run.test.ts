import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RecordedRun, type RunSummary, recordedRun } from '../../src/model/status.ts'
import { conditionsOf, rfc3339 } from '../../src/reconcile/conditions.ts'
import { type RunStatus, recordRun } from '../../src/reconcile/record-run.ts'

const run = (minute: number, status: RunSummary['status'] = 'Success'): RecordedRun => ({
  runId: `run-${minute}`,
  destination: 'warehouse',
  start: `2026-11-24T12:${String(minute).padStart(2, '0')}:00Z`,
  end: `2026-11-24T12:${String(minute).padStart(2, '0')}:30Z`,
  status,
  rows: 1,
  notices: status === 'Success' ? [] : [{ level: 'Error', message: 'WarehouseFull: no room', count: 1 }],
})
const NOW = new Date('2026-11-24T12:00:00Z')
const fresh: RunStatus = { conditions: conditionsOf({ hasTables: true }, [], 1, NOW), history: [] }
const conditionOf = (status: { conditions: { type: string }[] }, type: string) =>
  status.conditions.find((condition) => condition.type === type)

describe('a run in a status', () => {
  test('is the last one, and the newest of the history', () => {
    const status = recordRun(recordRun(fresh, run(1), 20), run(2), 20)
    expect(status.lastSync?.runId).toBe('run-2')
    expect(status.history.map(({ runId }) => runId)).toEqual(['run-2', 'run-1'])
    expect(conditionOf(status, 'SyncHealthy')).toMatchObject({
      status: 'True',
      reason: 'SyncSucceeded',
      lastTransitionTime: '2026-11-24T12:01:30Z',
    })
  })

  test('a failed one makes the resource not ready, the next good one ready again', () => {
    const failed = recordRun(fresh, run(1, 'Failure'), 20)
    expect(conditionOf(failed, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'SyncFailed',
      message: 'WarehouseFull: no room',
    })
    expect(conditionOf(recordRun(failed, run(2), 20), 'Ready')).toMatchObject({ status: 'True', reason: 'Ready' })
    expect(conditionOf(recordRun(fresh, run(1, 'Partial'), 20), 'Ready')).toMatchObject({ status: 'True' })
  })

  test('does not hide what else is wrong', () => {
    const trouble = { reason: 'Conflict', consequence: 'Stalled', message: 'no' } as const
    const conflicted = { conditions: conditionsOf({ trouble, hasTables: true }, [], 1, NOW), history: [] }
    expect(conditionOf(recordRun(conflicted, run(1), 20), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'Conflict',
    })
  })

  test('recorded in any order, and more than once, gives the same history within its limit', () => {
    const runs = [1, 2, 3, 4, 5, 6].map((minute) => run(minute))
    const inOrder = runs.reduce((status, one) => recordRun(status, one, 4), fresh)
    expect(inOrder.history).toHaveLength(4)
    fc.assert(
      fc.property(fc.shuffledSubarray(runs, { minLength: 6 }), (shuffled) => {
        const status = [...shuffled, ...shuffled].reduce((before, one) => recordRun(before, one, 4), fresh)
        expect(status.history).toEqual(inOrder.history)
        expect(status.lastSync).toEqual(inOrder.lastSync)
      }),
    )
  })

  test('leaves the runs of other destinations where they are, as far as there is room', () => {
    const elsewhere = { ...run(1), runId: 'elsewhere', destination: 'other' }
    const status = [run(2), run(3), run(4)].reduce(
      (before, one) => recordRun(before, one, 2),
      recordRun(fresh, elsewhere, 20),
    )
    expect(status.history.map(({ runId }) => runId)).toEqual(['run-4', 'run-3', 'elsewhere'])
    const full = Array.from({ length: 100 }, (_, hours) => ({
      ...run(5),
      runId: `${hours}`,
      destination: `${hours}`,
      end: rfc3339(new Date(NOW.getTime() + (hours + 1) * 3_600_000)),
    }))
    const history = full.reduce((before, one) => recordRun(before, one, 1), status).history
    expect(history.map(({ destination }) => destination)).toEqual(full.map(({ destination }) => destination).reverse())
  })

  test('is a summary as the model has it', () => {
    expect(recordedRun.parse(run(1))).toEqual(run(1))
  })
})

describe('conditions', () => {
  test('keep their time while the status stays, whatever the reason', () => {
    const later = new Date('2026-11-24T13:00:00Z')
    const wait = (reason: 'SpaceNotFound' | 'DestinationNotFound') =>
      ({ hasTables: true, trouble: { reason, consequence: 'Wait', message: reason } }) as const
    const first = conditionsOf(wait('SpaceNotFound'), [], 1, NOW)
    const second = conditionsOf(wait('DestinationNotFound'), first, 2, later)
    expect(conditionOf({ conditions: second }, 'Ready')).toMatchObject({
      reason: 'DestinationNotFound',
      observedGeneration: 2,
      lastTransitionTime: '2026-11-24T12:00:00Z',
    })
    const third = conditionsOf({ hasTables: true }, second, 2, later)
    expect(conditionOf({ conditions: third }, 'Ready')).toMatchObject({ lastTransitionTime: '2026-11-24T13:00:00Z' })
  })

  test.each([
    ['Retry', 'True', 'False'],
    ['Wait', 'True', 'False'],
    ['Stalled', 'False', 'True'],
  ] as const)('%s: Reconciling %s, Stalled %s', (consequence, reconciling, stalled) => {
    const trouble = { reason: 'WarehouseError', consequence, message: 'no' } as const
    const conditions = conditionsOf({ trouble, hasTables: false }, [], 1, NOW)
    expect(conditionOf({ conditions }, 'Reconciling')).toMatchObject({ status: reconciling })
    expect(conditionOf({ conditions }, 'Stalled')).toMatchObject({ status: stalled })
    expect(conditionOf({ conditions }, 'SchemaReady')).toBeUndefined()
  })
})
