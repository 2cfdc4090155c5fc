import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readVerdict, terminationMessage } from '../../src/operator/termination-message.ts'
import type { RunReport } from '../../src/sync/report.ts'

const report = (notices: RunReport['notices'], collections: RunReport['collections']): RunReport => ({
  runId: 'run',
  scope: 'team-a/default/warehouse',
  start: '2026-11-25T01:00:00.000Z',
  end: '2026-11-25T01:00:05.000Z',
  status: 'Partial',
  rows: 12,
  notices,
  collections,
  calls: 12,
  unrouted: 0,
  bytes: 4000,
  opened: true,
})

const notice = fc.record({
  level: fc.constantFrom('Info' as const, 'Warning' as const, 'Error' as const),
  message: fc.string({ maxLength: 1000, unit: 'grapheme' }),
  count: fc.nat(),
})
const collection = fc.record({
  collection: fc.stringMatching(/^[a-z_]{1,60}$/),
  rows: fc.nat(),
  discards: fc.nat(0),
  newColumns: fc.constant<RunReport['collections'][number]['newColumns']>([]),
  notices: fc.constant<RunReport['notices']>([]),
})

test('a verdict fits into what Kubernetes keeps, and is read back; what is left out is the least grave', () => {
  fc.assert(
    fc.property(
      fc.array(notice, { maxLength: 20 }),
      fc.array(collection, { maxLength: 200 }),
      (notices, collections) => {
        const text = terminationMessage(report(notices, collections))
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096)
        const verdict = readVerdict(text)
        expect(verdict).toMatchObject({ runId: 'run', status: 'Partial', rows: 12 })
        expect(verdict?.notices).toEqual(notices.slice(0, verdict?.notices.length))
      },
    ),
  )
})

test('a small verdict has the rows of each table', () => {
  const collections = [{ collection: 'users', rows: 3, discards: 0, newColumns: [], notices: [] }]
  expect(readVerdict(terminationMessage(report([], collections)))?.collections).toEqual({ users: 3 })
})

test.each([undefined, '', 'Killed', '{"rows": "many"}', 'null'])('%j is no verdict', (text) => {
  expect(readVerdict(text)).toBeUndefined()
})
