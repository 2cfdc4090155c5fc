import type { Activation } from '../model/activation.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import type { EngageResource } from '../model/kinds.ts'
import type { SecretKeyReference } from '../model/resource.ts'
import type { EngageSpace } from '../model/space.ts'

/**
 * Where resources and their status live: a folder, or a cluster. The reconcilers know nothing else of the world but
 * this and the warehouses.
 */
export interface ResourceStore {
  destinations(): Promise<WarehouseDestination[]>
  spaces(): Promise<EngageSpace[]>
  activations(): Promise<Activation[]>
  /** Writes the whole status, unless it is equal to what is there. */
  writeStatus(resource: EngageResource): Promise<void>
  /** Adds or removes the finalizer of a resource whose tables are to be dropped on deletion. */
  setFinalizer(resource: EngageResource, present: boolean): Promise<void>
  /** Reads a secret at the moment of use. Throws EngageError SecretNotFound. */
  secret(namespace: string, reference: SecretKeyReference): Promise<string>
  /** Tells people what happened. */
  event(resource: EngageResource, type: 'Normal' | 'Warning', reason: string, message: string): Promise<void>
}
