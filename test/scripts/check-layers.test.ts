import { expect, test } from 'vitest'
import { layerViolations } from '../../scripts/check-layers.ts'

const violations = (file: string, text: string): string[] => layerViolations([{ file, text }])

test('imports that point downward or stay in the folder are fine', () => {
  expect(violations('cli/plan.ts', "import { a } from '../local/plan.ts'\nimport { b } from './table.ts'")).toEqual([])
  expect(violations('warehouses/duckdb/load.ts', "import type { Table } from '../../model/table.ts'")).toEqual([])
  expect(violations('sync/run.ts', "const { open } = await import('../sources/directory.ts')")).toEqual([])
})

test.each([
  ['model/load.ts', "import { x } from '../plan/change.ts'", 'model may not import plan'],
  ['sync/run.ts', "import type { S } from '../reconcile/store.ts'", 'sync may not import reconcile'],
  ['sources/directory.ts', "export { x } from '../engage/call.ts'", 'sources may not import engage'],
  ['cdktf/main.ts', "await import('../local/apply.ts')", 'cdktf may not import local'],
  ['warehouses/duckdb/load.ts', "import {\n  a,\n} from '../../sync/run.ts'", 'warehouses may not import sync'],
  ['engage/generate.ts', "import { writeFile } from 'node:fs/promises'", 'engage is pure'],
  ['elsewhere/x.ts', "import { a } from '../model/table.ts'", 'elsewhere may not import model'],
])('%s: %s', (file, text, message) => {
  expect(violations(file, text)).toEqual([expect.stringContaining(message)])
})
