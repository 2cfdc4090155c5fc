import type { JsonPatchOperation, KubeClient } from './client.ts'
import { isInvalid, isNotFound } from './errors.ts'
import type { KubeObject, ResourceType } from './object.ts'

/**
 * Adds a finalizer and returns the object as it then is. Throws KubeError 409 when the object has changed since it was
 * read: whether it should have the finalizer has to be asked again.
 */
export async function addFinalizer<T extends KubeObject>(
  client: Pick<KubeClient, 'patch'>,
  type: ResourceType,
  object: T,
  finalizer: string,
): Promise<T> {
  const { resourceVersion, finalizers = [] } = object.metadata
  if (finalizers.includes(finalizer)) return object
  const metadata = { resourceVersion, finalizers: [...finalizers, finalizer] }
  return await client.patch<T>(type, object.metadata, { merge: { metadata } })
}

/** How often the place of a finalizer is looked up again. */
const TRIES = 5

/** Removes a finalizer, of this incarnation of the object only. No error when it, or the object, is not there any more. */
export async function removeFinalizer(
  client: Pick<KubeClient, 'get' | 'patch'>,
  type: ResourceType,
  object: KubeObject,
  finalizer: string,
): Promise<void> {
  const { uid } = object.metadata
  let current = object
  try {
    for (let tries = 1; current.metadata.uid === uid; tries += 1) {
      const index = current.metadata.finalizers?.indexOf(finalizer) ?? -1
      if (index < 0) return
      try {
        await client.patch(type, object.metadata, { json: removal(uid, index, finalizer) })
        return
      } catch (error) {
        // Most likely others added or removed theirs, and it stands elsewhere now.
        if (!isInvalid(error) || tries === TRIES) throw error
      }
      current = await client.get(type, object.metadata)
    }
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

function removal(uid: string | undefined, index: number, finalizer: string): JsonPatchOperation[] {
  const path = `/metadata/finalizers/${index}`
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path, value: finalizer },
    { op: 'remove', path },
  ]
}
