import { describe } from 'vitest'
import { describeEvents } from './conformance/events.ts'
import { describeIdentifiers } from './conformance/identifiers.ts'
import { describeLoad } from './conformance/load.ts'
import { describeSchema } from './conformance/schema.ts'
import { describeSessions } from './conformance/sessions.ts'
import { describeUsers } from './conformance/users.ts'
import type { SetUp, Suite } from './conformance/workbench.ts'

/** What every warehouse must do: the meaning of the port, on a real one. `gaps`: see Suite. */
export function describeWarehouse(name: string, setUp: SetUp, gaps: Suite['gaps'] = {}): void {
  const suite = { setUp, gaps }
  describe(name, () => {
    describeSchema(suite)
    describeLoad(suite)
    describeEvents(suite)
    describeUsers(suite)
    describeSessions(suite)
    describeIdentifiers(suite)
  })
}
