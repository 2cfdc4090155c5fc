import { WriteStream } from 'node:tty'
import { stripVTControlCharacters } from 'node:util'
import { expect, test, vi } from 'vitest'
import { ProgressLine } from '../../src/cli/progress.ts'
import { displayWidth } from '../../src/cli/table.ts'

/** A stream that keeps what it is given; a terminal where it has columns. */
function recorder(columns?: number): { stream: NodeJS.WriteStream; written: string[] } {
  const written: string[] = []
  const stream: NodeJS.WriteStream = Object.create(WriteStream.prototype, {
    isTTY: { value: columns !== undefined },
    columns: { value: columns },
    write: { value: (text: string) => written.push(text) },
  })
  return { stream, written }
}

test('shows count, rate and share, and clears the line at the end', () => {
  const { stream, written } = recorder(80)
  const now = vi.fn(() => 0)
  {
    using line = new ProgressLine(stream, now)
    now.mockReturnValue(2000)
    line.update('acme', 3000, 'calls', 0.426)
    now.mockReturnValue(2010)
    line.update('acme', 3100, 'calls', 0.43)
  }
  expect(written.map(stripVTControlCharacters)).toEqual([
    expect.stringMatching(/^\r\S acme {2}3,000 calls {2}1,500\/s {2}42%$/),
    '\r',
  ])
})

test.each([
  { columns: 20, limit: 20 },
  { columns: 1, limit: 1 },
  { columns: 0, limit: 80 },
])('never wraps on $columns columns', ({ columns, limit }) => {
  const { stream, written } = recorder(columns)
  using line = new ProgressLine(stream)
  line.update('東京'.repeat(50), 1, 'calls')
  const [drawn = ''] = written.map((text) => stripVTControlCharacters(text).replace('\r', ''))
  expect(displayWidth(drawn)).toBeLessThan(limit)
})

test('writes nothing where there is no terminal', () => {
  const { stream, written } = recorder()
  {
    using line = new ProgressLine(stream)
    line.update('acme', 1, 'calls')
  }
  expect(written).toEqual([])
})
