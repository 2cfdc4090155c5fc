/** What an identify call says of a user, as the row that it makes. Times are ISO 8601 in UTC with `Z`. */
export interface UserCall {
  userId: string
  id: string
  receivedAt: string
  timestamp: string
  traits: Readonly<Record<string, unknown>>
}

/** A row of the users table. */
export interface User {
  receivedAt: string
  traits: Record<string, unknown>
}

/**
 * The users table as a plain function: one row per user, each trait with the non-null value of the greatest clock
 * (received_at, timestamp, id) of its own; the row's received_at is the latest of its calls. What warehouses do by SQL
 * (Dialect.mergeUsers) is tested against this.
 */
export function mergeUsers(calls: Iterable<UserCall>): Map<string, User> {
  const users = new Map<string, User>()
  for (const call of [...calls].sort(compareClocks)) {
    const user = users.get(call.userId) ?? { receivedAt: '', traits: {} }
    user.receivedAt = call.receivedAt
    for (const [name, value] of Object.entries(call.traits)) {
      if (value !== null && value !== undefined) user.traits[name] = value
    }
    users.set(call.userId, user)
  }
  return users
}

function compareClocks(a: UserCall, b: UserCall): number {
  return (
    compare(sortable(a.receivedAt), sortable(b.receivedAt)) ||
    compare(sortable(a.timestamp), sortable(b.timestamp)) ||
    compare(a.id, b.id)
  )
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Times sort as text once their fractions have one length. */
const sortable = (time: string): string =>
  time
    .slice(0, -1)
    .replace(/^([^.]*)$/, '$1.')
    .padEnd(26, '0')
