import { spawn } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { approvalOf } from '../../src/cli/approval.ts'
import type { Change } from '../../src/plan/change.ts'
import { makePlan } from '../../src/plan/plan.ts'

const plan = (...changes: Change[]) => makePlan(changes, { change: () => ['sql'] })
const add: Change = { kind: 'CreateSchema', schema: 's' }
const drop: Change = { kind: 'DropTable', table: { schema: 's', name: 't' } }

test.each([
  { changes: [], yes: false, terminal: true, approval: 'Nothing' },
  { changes: [add], yes: false, terminal: true, approval: 'Ask' },
  { changes: [drop], yes: false, terminal: true, approval: 'Ask' },
  { changes: [add, drop], yes: true, terminal: true, approval: 'All' },
  { changes: [add, drop], yes: true, terminal: false, approval: 'All' },
  { changes: [add], yes: false, terminal: false, approval: 'All' },
  { changes: [add, drop], yes: false, terminal: false, approval: 'Additive' },
])('$changes.length changes, yes $yes, terminal $terminal: $approval', ({ changes, yes, terminal, approval }) => {
  expect(approvalOf([plan(), plan(...changes)], { yes, terminal })).toBe(approval)
})

test.each([
  ['yes\n', 'true'],
  ['y\n', 'false'],
  ['\n', 'false'],
  ['', 'false'],
])('to answer %j is %s', async (answer, confirmed) => {
  const module = path.join(import.meta.dirname, '../../src/cli/approval.ts')
  const code = `const { confirm } = await import(process.argv[1]); console.log(await confirm('Apply?'))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, module])
  child.stdin.end(answer)
  const [stdout, stderr] = await Promise.all([child.stdout, child.stderr].map((stream) => stream.toArray()))
  expect(stdout?.join('')).toBe(`${confirmed}\n`)
  expect(stderr?.join('')).toContain('Apply? Only yes is accepted: ')
})
