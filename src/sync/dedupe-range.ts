import type { Dialect, EventsMerge, Session } from '../warehouses/port.ts'

const DAY_MS = 24 * 3600_000

/** The times of a stage's rows, with so many days before and after: where their duplicates are looked for. */
export async function dedupeRange(
  session: Session,
  { quote }: Pick<Dialect, 'quote'>,
  stage: string,
  days: number,
): Promise<Pick<EventsMerge, 'within'>> {
  const time = quote('received_at')
  const [row] = await session.query(
    `SELECT min(${time}) AS ${quote('first')}, max(${time}) AS ${quote('last')} FROM ${stage}`,
  )
  if (!row?.first || !row.last) return {}
  return { within: around(row.first, row.last, days) }
}

/** From so many days before one time to as many after another. */
export const around = (first: string, last: string, days: number): NonNullable<EventsMerge['within']> => ({
  from: moved(first, -days),
  to: moved(last, days),
})

/** Years that every warehouse takes. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

function moved(time: string, days: number): string {
  const milliseconds = Date.parse(time) + days * DAY_MS
  return new Date(Math.min(Math.max(milliseconds, FIRST_MS), LAST_MS)).toISOString()
}
