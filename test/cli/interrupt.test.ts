import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'

const MODULE = path.join(import.meta.dirname, '../../src/cli/interrupt.ts')
const CODE = `
  const { interruption } = await import(process.argv[1])
  const signal = interruption()
  signal.addEventListener('abort', () => console.log('aborted'))
  setInterval(() => {}, 1000)
  console.log('working')
`

test.each(['SIGINT', 'SIGTERM'] as const)('%s asks to end, the second ends at once', async (kill) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CODE, MODULE])
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('working')
  child.kill(kill)
  expect((await lines.next()).value).toBe('aborted')
  child.kill(kill)
  expect(await once(child, 'exit')).toEqual([EXIT.interrupted.code, null])
})
