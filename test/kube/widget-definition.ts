import type { KubeClient } from '../../src/kube/client.ts'
import { isNotFound } from '../../src/kube/errors.ts'
import type { KubeObject, ResourceType } from '../../src/kube/object.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { WIDGETS } from './widgets.ts'

const DEFINITIONS: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}

const { group, plural, kind, version: name } = WIDGETS
const DEFINITION: KubeObject & { spec: object } = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural, kind, singular: 'widget', listKind: 'WidgetList' },
    versions: [
      {
        name,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { size: { type: 'integer' } } },
              status: { type: 'object', properties: { ready: { type: 'boolean' } } },
            },
          },
        },
      },
    ],
  },
}

/** Makes widgets known, and waits until they are served. */
export async function applyWidgets(client: KubeClient): Promise<void> {
  await client.apply(DEFINITIONS, DEFINITION, { fieldManager: 'test' })
  await eventually('widgets are served', 60, async () => (await client.list(WIDGETS, { limit: 1 })).items)
}

/** Removes them, with all there are. */
export async function removeWidgets(client: KubeClient): Promise<void> {
  await client.delete(DEFINITIONS, DEFINITION.metadata)
  await eventually('widgets are gone', 60, async () => {
    try {
      await client.get(DEFINITIONS, DEFINITION.metadata)
      return false
    } catch (error) {
      return isNotFound(error)
    }
  })
}
