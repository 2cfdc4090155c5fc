// What src/synth/model.ts exports. `npm run pack` bundles that, with all it needs, into model.js beside the constructs.

/** A manifest, and the path of the construct that it is of. */
export interface PlacedManifest {
  readonly manifest: object
  readonly place: string
}

/** Something that must be changed, and how. */
export interface Finding {
  /** Where the manifest stands in the list. */
  readonly index: number
  /** `Kind/name`. */
  readonly name: string
  /** The field, and what is wrong and what to write. */
  readonly message: string
}

/** Everything that is wrong with manifests, one by one and together, in the words of `engageops validate`. */
export function check(placed: readonly PlacedManifest[], isToken: (value: unknown) => boolean): Finding[]

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

export const API_VERSION: string
/** When destinations are synced that do not say it. */
export const DEFAULT_SCHEDULE: string
