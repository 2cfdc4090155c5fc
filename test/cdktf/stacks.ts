import type { TerraformStack } from 'cdktf'
import { manifestsOfStack } from '../../src/model/terraform-stack.ts'
import type { Installed } from './installed.ts'

/** A stack with the providers of both backends. */
export function stackOf({ tf, engage }: Installed, id = 'main', app = tf.Testing.app()): TerraformStack {
  const stack = new tf.TerraformStack(app, id)
  new engage.kubernetes.provider.KubernetesProvider(stack, 'kubernetes')
  new engage.KubectlProvider(stack, 'kubectl')
  return stack
}

export const POSTGRES = {
  host: 'db.example.com',
  database: 'analytics',
  username: 'engageops',
  passwordSecretRef: { name: 'warehouse', key: 'password' },
}

/** The usual resources in a stack. */
export function connected(installed: Installed, stack = stackOf(installed)) {
  const { engage } = installed
  const warehouse = new engage.WarehouseDestination(stack, 'warehouse', {
    warehouse: engage.Warehouse.postgres(POSTGRES),
  })
  const space = new engage.EngageSpace(stack, 'space', { spaceName: 'default' })
  space.connect(warehouse)
  return { stack, warehouse, space }
}

/** The stack as Terraform gets it, validated. */
export function synth({ tf }: Installed, stack: TerraformStack): Synthesized {
  return JSON.parse(tf.Testing.synth(stack, true))
}

export interface Synthesized {
  resource: Record<string, Record<string, Record<string, unknown>>>
  [part: string]: unknown
}

/** The manifests that Terraform brings into the cluster, texts as Terraform reads them. */
export function manifestsIn(installed: Installed, stack: TerraformStack): unknown[] {
  const { manifests, errors } = manifestsOfStack({ file: 'cdk.tf.json', text: JSON.stringify(synth(installed, stack)) })
  if (errors.length > 0) throw new Error(JSON.stringify(errors))
  return manifests
}

/** A value that its type does not show, as JavaScript has them. */
export const untyped = (value: unknown) => JSON.parse(JSON.stringify(value))
