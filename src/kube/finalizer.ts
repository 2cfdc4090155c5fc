import type { KubeClient } from './client.ts'
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

/** Removes a finalizer, of this incarnation of the object only. No error when it, or the object, is not there any more. */
export async function removeFinalizer(
  client: Pick<KubeClient, 'get' | 'patch'>,
  type: ResourceType,
  object: KubeObject,
  finalizer: string,
): Promise<void> {
  const { uid } = object.metadata
  try {
    for (let current = object; current.metadata.uid === uid; current = await client.get(type, object.metadata)) {
      const index = current.metadata.finalizers?.indexOf(finalizer) ?? -1
      if (index < 0) return
      const path = `/metadata/finalizers/${index}`
      const json = [
        { op: 'test', path: '/metadata/uid', value: uid } as const,
        { op: 'test', path, value: finalizer } as const,
        { op: 'remove', path } as const,
      ]
      try {
        await client.patch(type, object.metadata, { json })
        return
      } catch (error) {
        // Others added or removed theirs: it stands elsewhere now.
        if (!isInvalid(error)) throw error
      }
    }
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
