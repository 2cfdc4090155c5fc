import type { EngageResource } from '../model/kinds.ts'
import { isFields } from '../model/rules.ts'
import type { Condition } from '../model/status.ts'
import type { ResourceStore } from './store.ts'

/** Writes a new status and tells people when Ready changed. One that is equal to the old is not written. */
export async function writeStatus(store: ResourceStore, before: EngageResource, after: EngageResource): Promise<void> {
  if (isSame(before.status, after.status)) return
  await store.writeStatus(after)
  const [was, is] = [readyOf(before.status?.conditions), readyOf(after.status?.conditions)]
  if (!is || (was?.status === is.status && was.reason === is.reason)) return
  await store.event(after, is.status === 'True' ? 'Normal' : 'Warning', is.reason, is.message)
}

/** Whether two values are one when they are written and read back: fields that are absent or undefined are the same. */
function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]))
  }
  if (!isFields(one) || !isFields(other)) return one === other
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].every((name) => isSame(one[name], other[name]))
}

const readyOf = (conditions: readonly Condition[] | undefined): Condition | undefined =>
  conditions?.find(({ type }) => type === 'Ready')
