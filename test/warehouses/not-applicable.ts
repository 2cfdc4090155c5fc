import type { TestContext } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** Why a test says nothing about a warehouse: such a skip is not a failure of CI. */
    notApplicable?: string
  }
}

/** Ends a test that is about what its warehouse need not be able to do. */
export function notApplicable(
  { task, skip }: Pick<TestContext, 'task' | 'skip'>,
  where: boolean,
  reason: string,
): void {
  if (!where) return
  task.meta.notApplicable = reason
  skip(reason)
}
