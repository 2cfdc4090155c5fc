import type { MappingSpec } from '../model/activation.ts'

const path = (path: string) => ({ '@path': path })
const json = (from: string) => ({ '@json': { mode: 'encode', value: path(from) } })

/** What Segment's own mappings of storage actions make columns of, the same for all warehouses. */
const DEFAULTS = {
  LinkedAudience: {
    properties: {
      entity_context: json('$.properties.data_graph_entity_context'),
      user_id: path('$.userId'),
      audience_key: path('$.properties.audience_key'),
      personas_computation_key: path('$.context.personas.computation_key'),
      personas_computation_id: path('$.context.personas.computation_id'),
      personas_computation_run_id: path('$.context.personas.computation_run_id'),
      personas_activation_id: path('$.context.personas.event_emitter_id'),
      event_name: path('$.event'),
    },
  },
  Journey: {
    properties: {
      journey_metadata: json('$.properties.journey_metadata'),
      journey_context: json('$.properties.journey_context'),
      user_id: path('$.userId'),
      personas_computation_key: path('$.context.personas.computation_key'),
      personas_computation_id: path('$.context.personas.computation_id'),
      personas_activation_id: path('$.context.personas.event_emitter_id'),
      personas_computation_class: path('$.context.personas.computation_class'),
      event_name: path('$.event'),
    },
  },
} satisfies Record<string, MappingSpec>

/** The mapping where an activation names none; audiences of both types have the linked audience's. */
export const defaultMapping = (computation: keyof typeof DEFAULTS): MappingSpec => DEFAULTS[computation]
