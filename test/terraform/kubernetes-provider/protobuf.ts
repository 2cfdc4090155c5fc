// As much of protobuf as Terraform's protocol needs: messages are tables of fields, and fields that a table leaves out are skipped.

interface Scalars {
  string: string
  bytes: Uint8Array
  /** Not negative. */
  int: number
  bool: boolean
}

type Type = keyof Scalars | Message

export interface Field<T extends Type = Type, Repeated extends boolean = boolean> {
  number: number
  type: T
  repeated: Repeated
}

export interface Message {
  readonly [name: string]: Field
}

export const field = <const T extends Type>(number: number, type: T): Field<T, false> => ({
  number,
  type,
  repeated: false,
})

export const repeated = <const T extends Type>(number: number, type: T): Field<T, true> => ({
  number,
  type,
  repeated: true,
})

type ValueOf<T> = T extends keyof Scalars ? Scalars[T] : T extends Message ? Fields<T> : never

/** What a message holds. Fields that are not there have the value that protobuf gives them: none. */
export type Fields<M extends Message> = {
  -readonly [Name in keyof M]?: M[Name] extends Field<infer T, true> ? ValueOf<T>[] : ValueOf<M[Name]['type']>
}

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

export function encode<M extends Message>(message: M, fields: Fields<M>): Uint8Array {
  return encodeFields(message, fields)
}

function encodeFields(message: Message, fields: { [name: string]: unknown }): Uint8Array {
  const parts: Uint8Array[] = []
  for (const [name, { number, type, repeated }] of Object.entries(message)) {
    const value = fields[name]
    for (const item of repeated && Array.isArray(value) ? value : [value]) {
      if (item !== undefined) parts.push(...encodeField(number, type, item))
    }
  }
  return Buffer.concat(parts)
}

function encodeField(number: number, type: Type, value: unknown): Uint8Array[] {
  if (type === 'int' || type === 'bool') return [varint(number << 3), varint(Number(value))]
  const content =
    typeof type === 'object'
      ? encodeFields(type, Object(value))
      : value instanceof Uint8Array
        ? value
        : Buffer.from(String(value))
  return [varint((number << 3) | BYTES), varint(content.length), content]
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest])
    bytes.push((rest % 128) | 128)
  }
}

/** The one place where bytes are believed to be a message: Terraform speaks the same protocol. */
export function decode<M extends Message>(message: M, bytes: Uint8Array): Fields<M> {
  return decodeFields(message, bytes) as Fields<M>
}

function decodeFields(message: Message, bytes: Uint8Array): { [name: string]: unknown } {
  const byNumber = new Map(Object.entries(message).map(([name, field]) => [field.number, { name, ...field }]))
  const fields: { [name: string]: unknown } = {}
  const reader = new Reader(bytes)
  while (!reader.atEnd) {
    const tag = reader.varint()
    const content = reader.content(tag & 7)
    const known = byNumber.get(tag >> 3)
    if (known === undefined) continue
    const value = decodeValue(known.type, content)
    const before = fields[known.name]
    fields[known.name] = known.repeated ? [...(Array.isArray(before) ? before : []), value] : value
  }
  return fields
}

function decodeValue(type: Type, content: number | Uint8Array): unknown {
  if (typeof content === 'number') return type === 'bool' ? content !== 0 : content
  if (typeof type === 'object') return decodeFields(type, content)
  return type === 'string' ? Buffer.from(content).toString() : content
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new RangeError('a message ends within a field')
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }

  content(wireType: number): number | Uint8Array {
    if (wireType === VARINT) return this.varint()
    if (wireType === BYTES) return this.#take(this.varint())
    if (wireType === FIXED64) return this.#take(8)
    if (wireType === FIXED32) return this.#take(4)
    throw new RangeError(`wire type ${wireType}`)
  }

  #take(length: number): Uint8Array {
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}
