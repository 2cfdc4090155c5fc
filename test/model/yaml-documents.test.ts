import { describe, expect, test } from 'vitest'
import { readYaml } from '../../src/model/yaml-documents.ts'

const errorsOf = (text: string) => readYaml(text).errors.map(({ line, message }) => `${line}: ${message}`)

describe('errors of YAML, at their lines', () => {
  test.each([
    ['a tab', 'a:\n\tb: 1\n', ['2: not valid YAML: a tab indents the line, write spaces']],
    [
      'a repeated key',
      'a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 2\n',
      ['6: the key `a` stands twice: keep one of them', '5: the key `c` stands twice: keep one of them'],
    ],
    [
      'resources without a line between them',
      'kind: A\napiVersion: v1\nspec: {kind: x}\nkind: B\napiVersion: v1\nspec: {}\napiVersion: v1\nkind: C\n',
      [
        '4: another resource begins here: write --- on a line of its own between resources',
        '8: another resource begins here: write --- on a line of its own between resources',
      ],
    ],
    ['a repeated kind', 'kind: A\nkind: B\n', ['2: the key `kind` stands twice: keep one of them']],
    [
      'a colon in a value',
      'a: 1\nb: c: d\n',
      ['2: not valid YAML: a value has ": " in it or is indented too far, put it in quotes or correct the indentation'],
    ],
    ['an open quote', 'a: 1\nb: "c\n', ['3: not valid YAML: Missing closing "quote']],
    [
      'an alias of nothing',
      'a: *b\n',
      ['1: an alias (*name) of no anchor above it: put text that begins with * in quotes'],
    ],
    ['an alias of itself', 'a: &a\n  b: [*a]\n', ['2: an alias (*name) that contains itself: write the value out']],
    [
      'a tag',
      'a: !env B\n',
      ['1: not valid YAML: tags (!name) are not supported, put text that begins with ! in quotes'],
    ],
    [
      'a template',
      'a:\n  b: {{ .Values.c }}\n',
      ['2: a key must be plain text: put it in quotes; {{ templates }} must be rendered first'],
    ],
    [
      'a list beside a map',
      '- a\nb: 1\n',
      ['2: not valid YAML: something does not belong here, check indentation and quotes'],
    ],
  ])('%s', (_, text, errors) => {
    expect(errorsOf(text)).toEqual(errors)
  })

  test('one document with an error leaves the others be', () => {
    const { documents, errors } = readYaml('a: 1\n---\nb: [\n---\nc: 2\n')
    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, { c: 2 }])
    expect(errors).toHaveLength(1)
  })
})

describe('texts made to hurt', () => {
  const tenfold = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(of).join(', ')}]\n`

  test('a billion laughs', () => {
    const laughs = Array.from({ length: 9 }, (_, i) => tenfold(`l${i + 1}`, `*l${i}`)).join('')
    expect(errorsOf(`# ha\n${tenfold('l0', 'ha')}${laughs}`)).toEqual([
      '2: aliases (*name) repeat too much: write the values out',
    ])
  })

  test.each(['[', '{a: ', '- ', '? '])('%j nested 20,000 times', (opening) => {
    const { documents, errors } = readYaml(opening.repeat(20_000))
    expect(documents).toEqual([])
    expect(errors.length).toBeGreaterThan(0)
    expect(errors.length).toBeLessThanOrEqual(5)
  })

  test('100,000 keys in one map, which a quadratic check would take minutes for', () => {
    const text = Array.from({ length: 100_000 }, (_, index) => `k${index}: 1\n`).join('')
    expect(Object.keys(Object(readYaml(text).documents[0]?.value))).toHaveLength(100_000)
  })

  test('50,000 aliases', () => {
    const text = Array.from({ length: 50_000 }, (_, index) => `- &a${index} x\n- *a${index}\n`).join('')
    expect(errorsOf(text)).toEqual(['2002: aliases (*name) repeat too much: write the values out'])
  })

  test('a key named __proto__ is a key', () => {
    const [document] = readYaml('a: {__proto__: {b: 1}}\n').documents
    expect(JSON.stringify(document?.value)).toBe('{"a":{"__proto__":{"b":1}}}')
  })
})

test('the line of a field, or of the nearest field above it', () => {
  const [document] = readYaml('# first\na:\n  b:\n  - c: 1\n  - c: 2\n    d: &x\n      e: 1\n').documents
  const lines = [['a'], ['a', 'b', 1], ['a', 'b', 1, 'd', 'e'], ['a', 'b', 1, 'missing'], ['a', 'b', 7], ['z'], []]
  expect(lines.map((path) => document?.lineOf(path))).toEqual([2, 5, 7, 5, 3, 2, 2])
})
