import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter } from '../../src/sync/lines.ts'

/** The lines of a text cut into pieces at the given places, with the splitter as it is afterwards. */
function split(text: string, cuts: number[] = [], from = 0) {
  const bytes = Buffer.from(text)
  const splitter = new LineSplitter(from)
  const lines: { text: string; start: number; end: number }[] = []
  const onLine = (line: Buffer, start: number) => lines.push({ text: line.toString(), start, end: splitter.position })
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (let i = 1; i < places.length; i++) splitter.push(bytes.subarray(places[i - 1], places[i]), onLine)
  return { lines, splitter, onLine }
}

test('a line ends with LF or CRLF, and offsets count every byte', () => {
  const { lines, splitter } = split('{"a":1}\r\n{"ä":2}\n')
  expect(lines).toEqual([
    { text: '{"a":1}', start: 0, end: 9 },
    { text: '{"ä":2}', start: 9, end: 18 },
  ])
  expect(splitter.position).toBe(18)
})

test('a byte order mark at the start of the object and blank lines are passed over', () => {
  expect(split('\ufeff{}\n\n  \r\n\t\n{}\n').lines.map((line) => line.text)).toEqual(['{}', '{}'])
})

test('a byte order mark later in the object stays', () => {
  expect(split('\ufeff{}\n', [], 100).lines.map((line) => line.text)).toEqual(['\ufeff{}'])
})

test('what follows the last line end waits, until the object is known to be complete', () => {
  const { lines, splitter, onLine } = split('{"a":1}\n{"b"')
  expect(lines).toHaveLength(1)
  expect(splitter.waiting).toBe(true)
  expect(splitter.position).toBe(8)
  splitter.finish(onLine)
  expect(lines[1]).toEqual({ text: '{"b"', start: 8, end: 12 })
})

test('what follows the last line end is taken where it is a line, without byte order mark and CR', () => {
  const { lines, splitter, onLine } = split('\ufeff{"a":1}\r')
  splitter.finish(onLine, (line) => line.toString() !== '{"a":1}')
  expect(lines).toEqual([])
  expect(splitter).toMatchObject({ waiting: true, position: 0 })
  splitter.finish(onLine, (line) => line.toString() === '{"a":1}')
  expect(lines).toEqual([{ text: '{"a":1}', start: 0, end: 11 }])
  expect(splitter).toMatchObject({ waiting: false, position: 11 })
})

test('lines do not depend on how the bytes were cut into pieces', () => {
  const text = fc
    .array(fc.constantFrom('{"a":"ü"}', '', ' ', '\r', '\ufeff', 'x'), { maxLength: 20 })
    .map((parts) => parts.join('\n'))
  fc.assert(
    fc.property(text, fc.array(fc.nat(), { maxLength: 8 }), (content, cuts) => {
      expect(split(content, cuts).lines).toEqual(split(content).lines)
    }),
  )
})

test('reading on from an offset gives the remaining lines', () => {
  const text = '{"a":1}\n{"b":2}\n{"c":3}\n'
  const whole = split(text).lines
  const rest = split(text.slice(8), [], 8).lines
  expect(rest).toEqual(whole.slice(1))
})
