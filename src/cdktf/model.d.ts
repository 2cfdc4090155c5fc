// What src/synth/model.ts exports. `npm run pack` bundles that, with all it needs, into model.js beside the constructs.

/** A manifest as it was read; what else it holds is for `checkTogether`. */
export interface Reading {
  /** What is wrong with the manifest on its own, each with its field and what to write. */
  readonly problems: string[]
  /** What works and may not be meant. */
  readonly warnings: string[]
}

/** Reads a manifest: everything that is wrong with it, in the words of `engageops validate`. */
export function read(manifest: object, isToken: (value: unknown) => boolean): Reading

/** A reading, and the path of the construct that it is of. */
export interface PlacedReading {
  readonly reading: Reading
  readonly place: string
}

/** What is wrong with the resources of one cluster together: where each stands in the list, and what to write. */
export function checkTogether(placed: readonly PlacedReading[]): { readonly index: number; readonly problem: string }[]

/** The schemas that a space has in one warehouse. */
export interface Schemas {
  readonly classic: string
  readonly storageActions: string
}

/** The schemas of a connection: `engage_<name>` and `<name>`, or those that it names instead. */
export function schemasOf(
  space: { readonly name: string },
  connection: { readonly schemas?: { readonly classic?: string; readonly storageActions?: string } },
): Schemas

export interface TableName {
  readonly schema: string
  readonly name: string
}

/**
 * The tables that the calls of an activation with this spec are known to land in. `warehouse` is the block of its
 * destination. Error where that or the spec is not valid.
 */
export function tablesOf(spec: object, schemas: Schemas, warehouse: string): TableName[]

/** The fewest minutes between two syncs of a valid schedule. */
export function leastMinutesBetween(schedule: string): number

/** A path as people write it: `spec.audiences[0].key`. */
export function formatPath(path: readonly (string | number)[]): string

export const API_VERSION: string
/** When destinations are synced that do not say it. */
export const DEFAULT_SCHEDULE: string
