import { expect, test } from 'vitest'
import { type Case, conformancePage } from '../../scripts/conformance.ts'

const found = (warehouse: string, capability: string, title: string, status = 'passed'): Case => ({
  ancestorTitles: [warehouse, capability],
  title,
  status,
})

test('the page counts the cases that hold, and names those that a test server gets wrong', () => {
  const page = conformancePage([
    found('Postgres', 'stage', 'keeps texts'),
    found('Postgres', 'stage', 'keeps limits'),
    found('Postgres', 'tables', 'widens'),
    {
      ...found('Snowflake', 'tables', 'widens', 'skipped'),
      ancestorTitles: ['on the emulator', 'Snowflake', 'tables'],
      meta: { notApplicable: 'it does not widen' },
    },
    { ancestorTitles: [], title: 'something else of Snowflake', status: 'passed' },
    found('Snowflake', 'stage', 'keeps texts'),
    found('Snowflake', 'stage', 'keeps limits [gap: the emulator rounds.]'),
  ])
  expect(page).toContain('|  | Postgres | Snowflake |')
  expect(page).toContain('| stage | 2 | 1 of 2 |')
  expect(page).toContain('- **Snowflake**, stage: keeps limits. the emulator rounds.')
  expect(page).toContain('| tables | 1 | 0 |')
  expect(page).toContain('- **Snowflake**, tables: widens: it does not widen.')
})

test('a case that failed or was skipped makes no page', () => {
  expect(() => conformancePage([found('Postgres', 'stage', 'keeps texts', 'failed')])).toThrow('keeps texts')
})
