import { describe, expect, test } from 'vitest'
import { nextSyncTime } from '../../src/reconcile/next-sync.ts'

describe('the next sync', () => {
  const sync = { schedule: '30 2 * * *', timeZone: 'Europe/Berlin', suspend: false }

  test('is after now, in the time zone of the schedule', () => {
    expect(nextSyncTime(sync, new Date('2026-11-24T12:00:00Z'))).toBe('2026-11-25T01:30:00Z')
    expect(nextSyncTime(sync, new Date('2026-07-24T12:00:00Z'))).toBe('2026-07-25T00:30:00Z')
  })

  test('comes once on the days when the clock changes', () => {
    const due: string[] = []
    for (let at = new Date('2026-10-24T12:00:00Z'); due.length < 3; at = new Date(due.at(-1) ?? 0)) {
      due.push(nextSyncTime(sync, at) ?? '')
    }
    expect(due.map((time) => time.slice(0, 10))).toEqual(['2026-10-25', '2026-10-26', '2026-10-27'])
  })

  test('is not due while syncs are held back', () => {
    expect(nextSyncTime({ ...sync, suspend: true }, new Date('2026-11-24T12:00:00Z'))).toBeUndefined()
  })
})
