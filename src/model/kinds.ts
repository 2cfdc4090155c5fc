import type { z } from 'zod'
import { type Activation, activationSpec } from './activation.ts'
import { destinationSpec, type WarehouseDestination } from './destination.ts'
import type { Kind } from './resource.ts'
import { type EngageSpace, spaceSpec } from './space.ts'
import { activationStatus, destinationStatus, spaceStatus } from './status.ts'

export type EngageResource = WarehouseDestination | EngageSpace | Activation

/** A column of `kubectl get`. */
export interface PrinterColumn {
  name: string
  type: 'string' | 'integer' | 'date'
  jsonPath: string
}

const ready: PrinterColumn[] = [
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
]
const lastSync: PrinterColumn = { name: 'Last Sync', type: 'date', jsonPath: '.status.lastSync.end' }
// A string: kubectl prints a date that is still to come as <invalid>.
const next: PrinterColumn = { name: 'Next', type: 'string', jsonPath: '.status.nextSyncTime' }
const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

/** What the API server and the docs say of each kind. */
export const DEFINITIONS = {
  WarehouseDestination: {
    plural: 'warehousedestinations',
    shortNames: ['whdest'],
    description: 'A warehouse that Engage data is written to: how to reach it, when to sync, what may change in it.',
    spec: destinationSpec,
    status: destinationStatus,
    columns: [
      ...ready,
      { name: 'Connection', type: 'string', jsonPath: '.status.connection.state' },
      { name: 'Version', type: 'string', jsonPath: '.status.connection.serverVersion' },
      { name: 'Activations', type: 'integer', jsonPath: '.status.activations' },
      age,
    ],
  },
  EngageSpace: {
    plural: 'engagespaces',
    shortNames: ['espace'],
    description: 'An Engage space: its computations, where its calls come from, and the warehouses it is connected to.',
    spec: spaceSpec,
    status: spaceStatus,
    columns: [
      ...ready,
      { name: 'Schema', type: 'string', jsonPath: '.status.schemas[0].classic' },
      lastSync,
      next,
      age,
    ],
  },
  Activation: {
    plural: 'activations',
    shortNames: ['activation'],
    description: 'One audience, computed trait or journey of a space, written to one warehouse.',
    spec: activationSpec,
    status: activationStatus,
    columns: [
      ...ready,
      { name: 'Destination', type: 'string', jsonPath: '.spec.destinationRef.name' },
      { name: 'Table', type: 'string', jsonPath: '.status.tables[0].name' },
      lastSync,
      { name: 'Rows', type: 'integer', jsonPath: '.status.lastSync.rows' },
      next,
      age,
    ],
  },
} as const satisfies Record<Kind, Definition>

interface Definition {
  plural: string
  shortNames: readonly string[]
  description: string
  spec: z.ZodObject
  status: z.ZodObject
  columns: readonly PrinterColumn[]
}
