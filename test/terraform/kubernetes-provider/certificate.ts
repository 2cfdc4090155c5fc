import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A certificate for localhost that signs itself. */
export interface Certificate {
  key: string
  pem: string
  /** As it goes over the wire. */
  der: Buffer
}

/** Makes one that is good for a day on both sides of now; Node reads certificates and makes none. */
export function selfSigned(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const body = tbsCertificate(publicKey)
  const der = sequence(body, ECDSA_WITH_SHA256, bits(sign('sha256', body, privateKey)))
  const base64 = der.toString('base64').replace(/(.{64})/g, '$1\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    pem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    der,
  }
}

function tbsCertificate(publicKey: KeyObject): Buffer {
  const day = 86_400_000
  const name = sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from('localhost')))))
  const extensions = sequence(
    extension('551d13', sequence(TRUE)), // basicConstraints: may sign, itself
    extension('551d0f', tagged(0x03, Buffer.from([2, 0b10000100]))), // keyUsage: digitalSignature, keyCertSign
    extension('551d25', sequence(oid('2b06010505070301'), oid('2b06010505070302'))), // server and client
    extension('551d11', sequence(tagged(0x82, Buffer.from('localhost')))), // subjectAltName
  )
  return sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))), // version 3
    tagged(0x02, Buffer.from([1])), // serial
    ECDSA_WITH_SHA256,
    name,
    sequence(utcTime(Date.now() - day), utcTime(Date.now() + day)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, extensions),
  )
}

const TRUE = tagged(0x01, Buffer.from([0xff]))
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'))

/** DER: a tag, the length, the content. */
function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, ...parts)
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'))
}

function bits(content: Buffer): Buffer {
  return tagged(0x03, Buffer.from([0]), content)
}

function utcTime(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/\D/g, '').slice(2, 14)
  return tagged(0x17, Buffer.from(`${digits}Z`))
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), TRUE, tagged(0x04, value))
}
