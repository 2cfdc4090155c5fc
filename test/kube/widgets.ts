import type { KubeObject, ResourceType } from '../../src/kube/object.ts'

/** A kind of object that only tests have. */
export const WIDGETS: ResourceType = {
  group: 'example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
}

export interface Widget extends KubeObject {
  spec?: { size?: number }
  status?: { ready?: boolean }
}

export function widget(
  name: string,
  metadata: Partial<KubeObject['metadata']> = {},
  spec: Widget['spec'] = {},
): Widget {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name, namespace: 'default', ...metadata },
    spec,
  }
}
