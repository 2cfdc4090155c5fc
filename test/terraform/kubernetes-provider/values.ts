// Values as Terraform sends them: msgpack, with an extension for what is not known yet.
import { ExtensionCodec, encode as pack, decode as unpack } from '@msgpack/msgpack'

/** What Terraform does not know before other resources are there. */
export class Unknown {}
export const UNKNOWN = new Unknown()

/** A value of an attribute that has any type; Terraform wants the type back as it gave it. */
export class Dynamic {
  readonly type: Json
  readonly value: Value

  constructor(type: Json, value: Value) {
    this.type = type
    this.value = value
  }

  /** Of a value that Terraform has not seen yet. */
  static of(value: Json): Dynamic {
    return new Dynamic(typeOf(value), value)
  }
}

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
export type Value = Json | Unknown | Dynamic | Value[] | { [name: string]: Value }
/** A resource by its attributes and blocks. */
export type State = { [name: string]: Value }

const codec = new ExtensionCodec()
// 12 is an unknown value of which something is known, such as a prefix.
for (const type of [0, 12]) {
  codec.register({
    type,
    encode: (value) => (type === 0 && value instanceof Unknown ? Uint8Array.of(0) : null),
    decode: () => UNKNOWN,
  })
}

/** Null for a resource that is not there. `dynamic` names the attributes of any type. */
export function decodeState(msgpack: Uint8Array | undefined, dynamic: ReadonlySet<string>): State | null {
  const state = msgpack === undefined ? null : (unpack(msgpack, { extensionCodec: codec }) as State | null)
  if (state === null) return null
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => [name, dynamic.has(name) ? asDynamic(value) : value]),
  )
}

export function encodeState(state: State | null): { msgpack: Uint8Array } {
  const plain =
    state &&
    Object.fromEntries(
      Object.entries(state).map(([name, value]) => [
        name,
        value instanceof Dynamic ? [Buffer.from(JSON.stringify(value.type)), value.value] : value,
      ]),
    )
  return { msgpack: pack(plain, { extensionCodec: codec }) }
}

function asDynamic(value: Value | undefined): Value {
  if (!Array.isArray(value) || !(value[0] instanceof Uint8Array)) return value ?? null
  return new Dynamic(JSON.parse(Buffer.from(value[0]).toString()), value[1] ?? null)
}

/** The type of a value, as Terraform writes it. */
export function typeOf(value: Json): Json {
  if (value === null) return 'dynamic'
  if (Array.isArray(value)) return ['tuple', value.map(typeOf)]
  if (typeof value === 'object') {
    return ['object', Object.fromEntries(Object.entries(value).map(([name, of]) => [name, typeOf(of)]))]
  }
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** The value without nulls in objects, or undefined where a part of it is not known. */
export function known(value: Value): Json | undefined {
  if (value instanceof Unknown) return undefined
  if (value instanceof Dynamic) return known(value.value)
  if (Array.isArray(value)) {
    const items = value.map(known)
    return items.every((item) => item !== undefined) ? items : undefined
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .filter(([, of]) => of !== null)
    .map(([name, of]) => [name, known(of)] as const)
  return entries.every((entry): entry is [string, Json] => entry[1] !== undefined)
    ? Object.fromEntries(entries)
    : undefined
}

export const isMap = (value: unknown): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The maps of a list, of blocks for example. */
export const maps = (value: unknown): { [name: string]: Json }[] => (Array.isArray(value) ? value.filter(isMap) : [])

/** What stands at a path such as `status.conditions`. */
export const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce((part: unknown, key) => (isMap(part) ? part[key] : undefined), value)
