import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { LaneColumn } from '../../src/engage/lane.ts'
import { removeParts, StageFiles, StageWriter } from '../../src/sync/stage-writer.ts'

const columns = (...names: string[]): LaneColumn[] =>
  names.map((name) => ({ name, type: 'String', origin: 'Inferred', neededBy: 1 }))

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'engageops-stage-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Descriptors that this process has open. */
const descriptors = async () => (await readdir('/dev/fd')).length

test('a part for every width, with its rows; taken parts are not written to again', async () => {
  using files = new StageFiles(await folder())
  const writer = new StageWriter(files, 'a')
  writer.write(Buffer.from('1\n2\n'), columns('x'), 2)
  writer.write(Buffer.from('3\n'), columns('x'), 1)
  writer.write(Buffer.from('4,5\n'), columns('x', 'y'), 1)
  expect(writer.bytes).toBe(10)
  const parts = writer.take()
  expect(parts).toMatchObject([
    { columns: ['x'], rows: 3, longestLine: 4 },
    { columns: ['x', 'y'], rows: 1, longestLine: 4 },
  ])
  expect(writer.bytes).toBe(0)
  writer.write(Buffer.from('6,7\n'), columns('x', 'y'), 1)
  expect(await Promise.all(parts.map(({ path }) => readFile(path, 'utf8')))).toEqual(['1\n2\n3\n', '4,5\n'])
  expect(await readFile(writer.take()[0]?.path ?? '', 'utf8')).toBe('6,7\n')
})

test('thousands of lanes share a few open files', async () => {
  const directory = await folder()
  const before = await descriptors()
  const files = new StageFiles(directory)
  const writers = Array.from({ length: 2000 }, (_, number) => new StageWriter(files, String(number)))
  for (const round of [1, 2, 3]) {
    for (const [number, writer] of writers.entries()) writer.write(Buffer.from(`${number},${round}\n`), columns('x'), 1)
  }
  expect((await descriptors()) - before).toBeLessThan(100)
  const parts = writers.flatMap((writer) => writer.take())
  expect(parts).toHaveLength(2000)
  for (const [number, { path }] of parts.entries()) {
    expect(await readFile(path, 'utf8')).toBe(`${number},1\n${number},2\n${number},3\n`)
  }
  await removeParts(parts)
  expect(await readdir(directory)).toEqual([])
})

test('files of a run that was given up are closed', async () => {
  const directory = await folder()
  const before = await descriptors()
  {
    using files = new StageFiles(directory)
    for (let number = 0; number < 50; number++) {
      new StageWriter(files, String(number)).write(Buffer.from('1\n'), columns('x'), 1)
    }
    expect(await descriptors()).toBeGreaterThan(before + 40)
  }
  expect(await descriptors()).toBeLessThan(before + 10)
})
