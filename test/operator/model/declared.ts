import { activation, type Manifest, space } from '../manifests.ts'

export const SPACES = ['alpha', 'beta', 'gamma'] as const
export const WAREHOUSES = ['east', 'west'] as const
export type Warehouse = (typeof WAREHOUSES)[number]

export const AUDIENCES = { shoppers: 'Profile', vips: 'Profile', carts: 'Linked' } as const
export type Audience = keyof typeof AUDIENCES
export const AUDIENCE_KEYS = ['shoppers', 'vips', 'carts'] as const satisfies readonly Audience[]
export const TRAITS = ['revenue', 'orders_count'] as const
export type Trait = (typeof TRAITS)[number]
/** A trait's type only ever becomes wider: the other way values could be lost, and it would wait for a person. */
export const TRAIT_TYPES = ['Integer', 'Float', 'String'] as const
/** Columns that an activation may declare; each has one type everywhere, as several share a table. */
export const EXTRAS = { plan: 'String', total: 'Decimal', size: 'Integer' } as const
export type Extra = keyof typeof EXTRAS

export interface Space {
  name: string
  warehouses: readonly Warehouse[]
  audiences: readonly Audience[]
  traits: Readonly<Partial<Record<Trait, (typeof TRAIT_TYPES)[number]>>>
}

export type Storage =
  | { kind: 'Classic'; calls: readonly ('Identify' | 'Track')[] }
  | { kind: 'Actions'; table: string; side: 'In' | 'Out'; extras: readonly Extra[] }

export interface Activation {
  name: string
  /** Counts the resources that have had the name. */
  incarnation: number
  space: string
  warehouse: Warehouse
  computation: Audience | Trait
  storage: Storage
  suspend: boolean
  /** deletionPolicy: Delete. */
  drops: boolean
}

/** What the manifests say at one moment. */
export interface Declared {
  spaces: ReadonlyMap<string, Space>
  warehouses: ReadonlySet<Warehouse>
  activations: ReadonlyMap<string, Activation>
  /** The widest type that each trait ever had, by `SPACE TRAIT`. */
  types: ReadonlyMap<string, (typeof TRAIT_TYPES)[number]>
  /** Counts edits of activations, for their incarnations. */
  made: number
}

/** Both warehouses, all spaces with all that they can have, and some activations. */
export const START: Declared = {
  spaces: new Map(
    SPACES.map((name) => {
      const traits = Object.fromEntries(TRAITS.map((trait) => [trait, 'Integer' as const]))
      return [name, { name, warehouses: WAREHOUSES, audiences: AUDIENCE_KEYS, traits }]
    }),
  ),
  warehouses: new Set(WAREHOUSES),
  activations: new Map(
    [
      first('a0', 'alpha', 'east', 'shoppers', actions('orders'), true),
      first('a1', 'alpha', 'east', 'carts', actions('orders'), true),
      first('a2', 'beta', 'west', 'vips', actions('visits'), true),
      first('a3', 'gamma', 'west', 'carts', actions('orders'), false),
      first('a4', 'alpha', 'west', 'shoppers', { kind: 'Classic', calls: ['Identify', 'Track'] }, false),
      first('a5', 'beta', 'west', 'revenue', { kind: 'Classic', calls: ['Track'] }, true),
    ].map((it) => [it.name, it]),
  ),
  types: new Map(),
  made: 1,
}

function first(
  name: string,
  space: string,
  warehouse: Warehouse,
  computation: Audience | Trait,
  storage: Storage,
  drops: boolean,
): Activation {
  return { name, incarnation: 0, space, warehouse, computation, storage, suspend: false, drops }
}

function actions(table: string): Storage {
  return { kind: 'Actions', table, side: 'In', extras: ['plan'] }
}

export const isAudience = (key: Audience | Trait): key is Audience => key in AUDIENCES

/** Whether all that an activation refers to is there. */
export function isValid(
  { spaces, warehouses }: Declared,
  { space: name, warehouse, computation }: Activation,
): boolean {
  const of = spaces.get(name)
  return of !== undefined && warehouses.has(warehouse) && of.warehouses.includes(warehouse) && declares(of, computation)
}

export const declares = ({ audiences, traits }: Space, key: Audience | Trait): boolean =>
  isAudience(key) ? audiences.includes(key) : traits[key] !== undefined

export const spaceManifest = (namespace: string, { name, warehouses, audiences, traits }: Space): Manifest =>
  space(namespace, name, {
    destinations: warehouses.map((warehouse) => ({ name: warehouse })),
    audiences: audiences.map((key) => ({ key, type: AUDIENCES[key] })),
    computedTraits: Object.entries(traits).map(([key, type]) => ({ key, type })),
  })

export function activationManifest(namespace: string, it: Activation): Manifest {
  const { computation: key, storage } = it
  return activation(namespace, it.name, {
    spaceRef: { name: it.space },
    destinationRef: { name: it.warehouse },
    computation: isAudience(key) ? { audience: key } : { computedTrait: key },
    suspend: it.suspend,
    deletionPolicy: it.drops ? 'Delete' : 'Retain',
    ...(storage.kind === 'Classic'
      ? { classic: { calls: storage.calls }, storageActions: undefined }
      : {
          storageActions: {
            table: storage.table,
            triggers: [triggerOf(key, storage.side)],
            columns: storage.extras.map((name) => ({ name, type: EXTRAS[name], path: `$.properties.${name}` })),
          },
        }),
  })
}

function triggerOf(key: Audience | Trait, side: 'In' | 'Out'): string {
  if (isAudience(key) && AUDIENCES[key] === 'Linked') return side === 'In' ? 'EntityAdded' : 'EntityRemoved'
  return side === 'In' ? 'AudienceEntered' : 'AudienceExited'
}
