import { X509Certificate } from 'node:crypto'
import { encode as pack } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { selfSigned } from './kubernetes-provider/certificate.ts'
import { decode, encode, field, repeated } from './kubernetes-provider/protobuf.ts'
import { Dynamic, decodeState, encodeState, known, UNKNOWN } from './kubernetes-provider/values.ts'

test('a certificate of our own is one that Node accepts: for localhost, by its own key, from today', () => {
  const { pem, der } = selfSigned()
  const certificate = new X509Certificate(pem)
  expect(certificate.raw).toEqual(der)
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.checkHost('localhost')).toBe('localhost')
  expect(certificate.ca).toBe(true)
  expect(new Date(certificate.validFrom).getTime()).toBeLessThan(Date.now())
  expect(new Date(certificate.validTo).getTime()).toBeGreaterThan(Date.now())
})

describe('protobuf', () => {
  const Inner = { text: field(1, 'string'), flags: repeated(2, 'bool') }
  const Outer = {
    name: field(1, 'string'),
    count: field(2, 'int'),
    data: field(3, 'bytes'),
    inner: field(4, Inner),
    many: repeated(16, Inner),
  }
  const inner = fc.record({ text: fc.string({ unit: 'binary' }), flags: fc.array(fc.boolean(), { minLength: 1 }) })
  const outer = fc.record({
    name: fc.string(),
    count: fc.maxSafeNat(),
    data: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    inner,
    many: fc.array(inner, { minLength: 1 }),
  })

  test('what was encoded is decoded, whatever it is', () => {
    fc.assert(
      fc.property(outer, (value) => {
        expect(decode(Outer, encode(Outer, value))).toEqual(value)
      }),
    )
  })

  test('fields that a table leaves out are skipped', () => {
    const { count } = Outer
    fc.assert(
      fc.property(outer, (value) => {
        expect(decode({ count }, encode(Outer, value))).toEqual({ count: value.count })
      }),
    )
  })

  test('the bytes are those of protobuf', () => {
    expect(encode(Outer, { name: 'ab', count: 300, many: [{}] })).toEqual(
      Buffer.from([0x0a, 2, 0x61, 0x62, 0x10, 0xac, 0x02, 0x82, 0x01, 0]),
    )
  })
})

describe('values', () => {
  const dynamic = new Set(['manifest'])

  test('go back to Terraform as they came', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        // The decoder refuses this key.
        fc.pre(!JSON.stringify(object).includes('__proto__'))
        const state = { manifest: Dynamic.of(JSON.parse(JSON.stringify(object))), other: [1, UNKNOWN, null] }
        expect(decodeState(encodeState(state).msgpack, dynamic)).toEqual(state)
      }),
    )
  })

  test('a resource that is not there is null', () => {
    expect(decodeState(encodeState(null).msgpack, dynamic)).toBe(null)
  })

  test('a value of any type has its type beside it', () => {
    const type = ['object', { replicas: 'number', names: ['tuple', ['string']] }]
    const value = { replicas: 1, names: ['a'] }
    expect(encodeState({ manifest: Dynamic.of(value) }).msgpack).toEqual(
      pack({ manifest: [Buffer.from(JSON.stringify(type)), value] }),
    )
  })

  test('is not known when a part of it is not', () => {
    expect(known({ a: { b: [1, { c: UNKNOWN }] } })).toBe(undefined)
    expect(known({ a: { b: [1, null], c: null } })).toEqual({ a: { b: [1, null] } })
  })
})
