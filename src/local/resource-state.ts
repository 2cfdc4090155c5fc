import { randomUUID } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { activationSpec } from '../model/activation.ts'
import { destinationSpec } from '../model/destination.ts'
import type { EngageResource } from '../model/kinds.ts'
import { API_VERSION } from '../model/resource.ts'
import { spaceSpec } from '../model/space.ts'
import { activationStatus, destinationStatus, spaceStatus } from '../model/status.ts'
import { isMissing, readIfThere, writeAtomically } from './atomic-file.ts'

/** What `.engageops/` keeps of a resource: what a cluster would keep, and the folder that its manifest stands in. */
export interface ResourceState {
  resource: EngageResource
  /** Relative to the folder that is applied. */
  baseDir: string
}

const metadata = z.strictObject({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  generation: z.int(),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().exactOptional(),
  finalizers: z.array(z.string()).exactOptional(),
  labels: z.record(z.string(), z.string()).exactOptional(),
  annotations: z.record(z.string(), z.string()).exactOptional(),
})
const common = { apiVersion: z.literal(API_VERSION), metadata }
const stateFile = z.strictObject({
  baseDir: z.string(),
  resource: z.discriminatedUnion('kind', [
    z.strictObject({
      ...common,
      kind: z.literal('WarehouseDestination'),
      spec: destinationSpec,
      status: destinationStatus.exactOptional(),
    }),
    z.strictObject({ ...common, kind: z.literal('EngageSpace'), spec: spaceSpec, status: spaceStatus.exactOptional() }),
    z.strictObject({
      ...common,
      kind: z.literal('Activation'),
      spec: activationSpec,
      status: activationStatus.exactOptional(),
    }),
  ]),
})

/** One text for a resource: `Kind/namespace/name`. */
export const keyOf = ({ kind, metadata }: EngageResource): string => `${kind}/${metadata.namespace}/${metadata.name}`

/** The state files of a folder. */
export class StateFiles {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** All that can be read. A file that cannot is told of, and written anew when its resource is applied. */
  readAll(): { states: Map<string, ResourceState>; notes: string[] } {
    const states = new Map<string, ResourceState>()
    const notes: string[] = []
    for (const file of this.#list()) {
      const state = parse(readIfThere(join(this.#directory, file)) ?? '')
      if (state) states.set(keyOf(state.resource), state)
      else notes.push(`${join(this.#directory, file)} cannot be read and will be made anew`)
    }
    return { states, notes }
  }

  write({ resource, baseDir }: ResourceState): void {
    writeAtomically(this.#path(resource), `${JSON.stringify({ baseDir, resource }, null, 2)}\n`)
  }

  remove(resource: EngageResource): void {
    rmSync(this.#path(resource), { force: true })
  }

  #path({ kind, metadata }: EngageResource): string {
    return join(this.#directory, `${kind}.${metadata.namespace}.${metadata.name}.json`)
  }

  #list(): string[] {
    try {
      return readdirSync(this.#directory)
        .filter((name) => name.endsWith('.json'))
        .sort()
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }
}

function parse(text: string): ResourceState | undefined {
  try {
    const { resource, baseDir } = stateFile.parse(JSON.parse(text))
    return { resource, baseDir }
  } catch {
    return undefined
  }
}

/** A resource that is applied for the first time. */
export const newMetadata = (now: Date) => ({
  uid: randomUUID(),
  generation: 1,
  creationTimestamp: `${now.toISOString().slice(0, 19)}Z`,
})
