import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { displayWidth, renderTable } from '../../src/cli/table.ts'

test('columns are aligned like those of kubectl', () => {
  expect(
    renderTable(
      ['name', 'last sync'],
      [
        ['warehouse', 'Success'],
        ['a', ''],
      ],
    ),
  ).toBe(['NAME        LAST SYNC', 'warehouse   Success', 'a', ''].join('\n'))
})

test('wide characters take two columns', () => {
  expect(displayWidth('東京')).toBe(4)
  expect(displayWidth('한국')).toBe(4)
  expect(displayWidth('é')).toBe(1)
  expect(displayWidth('e\u0301')).toBe(1)
  expect(displayWidth('👩‍👩‍👧')).toBe(2)
  expect(renderTable(['a', 'b'], [['東京', 'x']])).toBe('A      B\n東京   x\n')
})

test('colours do not move columns, and are only there when asked for', () => {
  const rows = [[{ text: 'True', style: 'green' as const }, 'x']]
  expect(renderTable(['ready', 'b'], rows)).toBe('READY   B\nTrue    x\n')
  const coloured = renderTable(['ready', 'b'], rows, true)
  expect(coloured).toContain('\x1b[32mTrue\x1b[39m')
  expect(stripVTControlCharacters(coloured)).toBe(renderTable(['ready', 'b'], rows))
})

test('a cell keeps to its line and cannot steer the terminal', () => {
  expect(renderTable(['a'], [['x\ny\x1b[2J\x07']])).toBe('A\nx y\n')
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (cells) => {
      const lines = renderTable(
        ['h'],
        cells.map((cell) => [cell]),
      ).split('\n')
      expect(lines).toHaveLength(cells.length + 2)
      expect(lines.join('')).not.toMatch(/\p{Cc}/u)
    }),
  )
})

test('all rows of a column start at one place', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z東👍]{1,8}$/u), { minLength: 1 }), (cells) => {
      const [, ...lines] = renderTable(
        ['h', 'mark'],
        cells.map((cell) => [cell, '|']),
      )
        .trimEnd()
        .split('\n')
      expect(new Set(lines.map((line) => displayWidth(line))).size).toBe(1)
    }),
  )
})
