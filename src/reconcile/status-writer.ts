import { isDeepStrictEqual } from 'node:util'
import type { Condition } from '../model/status.ts'
import type { EngageResource, ResourceStore } from './store.ts'

/** Writes a new status and tells people when Ready changed. One that is equal to the old is not written. */
export async function writeStatus(store: ResourceStore, before: EngageResource, after: EngageResource): Promise<void> {
  if (isDeepStrictEqual(plain(before.status), plain(after.status))) return
  await store.writeStatus(after)
  const [was, is] = [readyOf(before.status?.conditions), readyOf(after.status?.conditions)]
  if (!is || (was?.status === is.status && was.reason === is.reason)) return
  await store.event(after, is.status === 'True' ? 'Normal' : 'Warning', is.reason, is.message)
}

/** A status as it is read back: fields that are absent or undefined are the same. */
const plain = (status: unknown): unknown => (status === undefined ? undefined : JSON.parse(JSON.stringify(status)))

const readyOf = (conditions: readonly Condition[] | undefined): Condition | undefined =>
  conditions?.find(({ type }) => type === 'Ready')
