import fc from 'fast-check'
import {
  type Activation,
  AUDIENCE_KEYS,
  type Declared,
  type Extra,
  SPACES,
  type Space,
  type Storage,
  TRAIT_TYPES,
  TRAITS,
  WAREHOUSES,
} from './declared.ts'

/** A change of manifests. Numbers choose among what there is. */
export type Edit =
  | { edit: 'Space'; space: number; warehouses: number; computations: number; widen: number }
  | { edit: 'DeleteSpace'; space: number }
  | { edit: 'Warehouse' }
  | ({ edit: 'Activation'; name: number; space: number; warehouse: number } & Details)
  | { edit: 'DeleteActivation'; name: number }

interface Details {
  choice: number
  extras: number
  suspend: boolean
  drops: boolean
}

/** Something that happens to the operator or to a password, while edits go on. */
export type Event =
  | { event: 'Restart'; signal: 'SIGKILL' | 'SIGTERM' }
  | { event: 'Rotate'; warehouse: number; secretFirst: boolean }

/** What a person does to tables, before the edits. */
export interface HandWork {
  hand: 'DropColumn' | 'RenameTable' | 'AddColumn' | 'AddRows' | 'MakeTable'
  table: number
  column: number
}

export interface Burst {
  byHand: readonly HandWork[]
  steps: readonly (Edit | Event)[]
}

const nat = fc.nat({ max: 1 << 16 })
/** Bits that are mostly set: little comes about where most is missing. */
const most = fc.tuple(nat, nat).map(([one, other]) => one | other)
const is = <T extends string>(value: T) => fc.constant(value)

const edits = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ edit: is('Space'), space: nat, warehouses: most, computations: most, widen: nat }),
  },
  { weight: 1, arbitrary: fc.record({ edit: is('DeleteSpace'), space: nat }) },
  { weight: 2, arbitrary: fc.record({ edit: is('Warehouse') }) },
  {
    weight: 9,
    arbitrary: fc.record({
      edit: is('Activation'),
      name: nat,
      space: nat,
      warehouse: nat,
      choice: nat,
      extras: nat,
      suspend: fc.nat(3).map((chance) => chance === 0),
      drops: fc.nat(2).map((chance) => chance > 0),
    }),
  },
  { weight: 7, arbitrary: fc.record({ edit: is('DeleteActivation'), name: nat }) },
)
const events = fc.oneof(
  fc.record({ event: is('Restart'), signal: fc.constantFrom('SIGKILL', 'SIGTERM') }),
  fc.record({ event: is('Rotate'), warehouse: nat, secretFirst: fc.boolean() }),
)
const byHand = fc.record({
  hand: fc.constantFrom('DropColumn', 'RenameTable', 'AddColumn', 'AddRows', 'MakeTable'),
  table: nat,
  column: nat,
})

/** So many bursts of edits, after each of which all is quiet. */
export const bursts = (count: number): fc.Arbitrary<Burst[]> =>
  fc.noBias(
    fc.array(
      fc.record({
        byHand: fc.array(byHand, { maxLength: 3, size: 'max' }),
        steps: fc.array(fc.oneof({ weight: 5, arbitrary: edits }, { weight: 1, arbitrary: events }), {
          minLength: 1,
          maxLength: 6,
          size: 'max',
        }),
      }),
      { minLength: count, maxLength: count, size: 'max' },
    ),
  )

const NAMES = Array.from({ length: 8 }, (_, index) => `a${index}`)

/** What is declared after an edit; one that cannot be made changes nothing. `taken` are names that are still in use. */
export function edited(before: Declared, edit: Edit, taken: ReadonlySet<string>): Declared {
  switch (edit.edit) {
    case 'Space':
      return withSpace(before, edit)
    case 'DeleteSpace':
      return { ...before, spaces: without(before.spaces, pick([...before.spaces.keys()], edit.space)) }
    case 'Warehouse': {
      const both = new Set(WAREHOUSES)
      return { ...before, warehouses: before.warehouses.has('west') ? both.difference(new Set(['west'])) : both }
    }
    case 'Activation': {
      const name = pick(NAMES, edit.name)
      if (name === undefined || taken.has(name)) return before
      const known = before.activations.get(name)
      const next = known ? changed(known, edit) : made(before, name, edit)
      return next
        ? { ...before, made: before.made + 1, activations: new Map(before.activations).set(name, next) }
        : before
    }
    case 'DeleteActivation':
      return { ...before, activations: without(before.activations, pick([...before.activations.keys()], edit.name)) }
  }
}

function withSpace(before: Declared, { space, warehouses, computations, widen }: Edit & { edit: 'Space' }): Declared {
  const name = pick(SPACES, space) ?? SPACES[0]
  const types = new Map(before.types)
  const traits = subset(TRAITS, computations >> AUDIENCE_KEYS.length).map((trait, index) => {
    const known = TRAIT_TYPES.indexOf(types.get(`${name} ${trait}`) ?? 'Integer')
    const type = TRAIT_TYPES[known + ((widen >> index) & 1)] ?? 'String'
    types.set(`${name} ${trait}`, type)
    return [trait, type]
  })
  const next: Space = {
    name,
    warehouses: subset(WAREHOUSES, warehouses),
    audiences: subset(AUDIENCE_KEYS, computations),
    traits: Object.fromEntries(traits),
  }
  return { ...before, types, spaces: new Map(before.spaces).set(name, next) }
}

const EXTRA_KEYS = ['plan', 'total', 'size'] as const satisfies readonly Extra[]

/** All kinds of storage, each with what it is of. No two activations of a pair may have the same. */
const CHOICES: readonly Pick<Activation, 'computation' | 'storage'>[] = [
  ...AUDIENCE_KEYS.flatMap((computation) =>
    ['orders', 'visits'].flatMap((table) =>
      (['In', 'Out'] as const).map((side) => {
        const storage: Storage = { kind: 'Actions', table, side, extras: [] }
        return { computation, storage }
      }),
    ),
  ),
  ...(['shoppers', 'vips', ...TRAITS] as const).map((computation) => {
    const storage: Storage = { kind: 'Classic', calls: ['Identify', 'Track'] }
    return { computation, storage }
  }),
]

const choiceOf = ({ computation, storage }: Pick<Activation, 'computation' | 'storage'>): string =>
  [computation, ...(storage.kind === 'Actions' ? [storage.table, storage.side] : [])].join()

/** A new activation of any of the choices that nobody else has. */
function made(
  { activations, made: count }: Declared,
  name: string,
  edit: Edit & { edit: 'Activation' },
): Activation | undefined {
  const space = pick(SPACES, edit.space) ?? SPACES[0]
  const warehouse = pick(WAREHOUSES, edit.warehouse) ?? WAREHOUSES[0]
  const others = [...activations.values()].filter((other) => other.space === space && other.warehouse === warehouse)
  const used = new Set(others.map(choiceOf))
  const choice = pick(
    CHOICES.filter((it) => !used.has(choiceOf(it))),
    edit.choice,
  )
  return (
    choice && changed({ ...choice, name, incarnation: count, space, warehouse, suspend: false, drops: false }, edit)
  )
}

/** With the fields that can be edited as the edit has them. */
function changed(known: Activation, { choice, extras, suspend, drops }: Details): Activation {
  const calls = (['Identify', 'Track'] as const).filter((_, index) => choice % 3 !== index)
  const storage: Storage =
    known.storage.kind === 'Classic'
      ? { kind: 'Classic', calls }
      : { ...known.storage, extras: subset(EXTRA_KEYS, extras) }
  return { ...known, storage, suspend, drops }
}

export const pick = <T>(list: readonly T[], number: number): T | undefined => list[number % Math.max(list.length, 1)]

/** The items whose bits are set. */
const subset = <T>(list: readonly T[], bits: number): T[] => list.filter((_, index) => (bits >> index) & 1)

function without<T>(map: ReadonlyMap<string, T>, name: string | undefined): ReadonlyMap<string, T> {
  return new Map([...map].filter(([key]) => key !== name))
}
