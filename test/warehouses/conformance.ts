import { describe } from 'vitest'
import { describeEvents } from './conformance/events.ts'
import { describeIdentifiers } from './conformance/identifiers.ts'
import { describeLoad } from './conformance/load.ts'
import { describeSchema } from './conformance/schema.ts'
import { describeSessions } from './conformance/sessions.ts'
import { describeUsers } from './conformance/users.ts'
import type { SetUp } from './conformance/workbench.ts'

/** What every warehouse must do: the meaning of the port, on a real one. */
export function describeWarehouse(name: string, setUp: SetUp): void {
  describe(name, () => {
    describeSchema(setUp)
    describeLoad(setUp)
    describeEvents(setUp)
    describeUsers(setUp)
    describeSessions(setUp)
    describeIdentifiers(setUp)
  })
}
