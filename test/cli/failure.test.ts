import { expect, test } from 'vitest'
import { describeFailure } from '../../src/cli/failure.ts'
import { EngageError } from '../../src/model/errors.ts'

const locked = new EngageError('DatabaseLocked', 'Wait', 'warehouse.duckdb is open in process 12')

test('an error of the catalogue tells its reason, its message and the fix', () => {
  expect(describeFailure(locked, false).text).toBe(
    'error: DatabaseLocked: warehouse.duckdb is open in process 12\nfix: Wait for it, or end it.\n',
  )
})

test('a stack trace is only there when asked for', () => {
  expect(describeFailure(locked, true).text).toContain('failure.test.ts')
  expect(describeFailure(new TypeError('x is not a function'), false).text).toBe(
    'error: x is not a function\nfix: run it again with --verbose to see where it came from\n',
  )
})
