// Runs the conformance suite on every warehouse that has a test server and writes docs/warehouses/conformance.md: warehouse
// x capability, with every case that a test server gets wrong and why.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '..')
const PAGE = 'docs/warehouses/conformance.md'
const SUITES = ['duckdb', 'postgres', 'snowflake', 'databricks', 'bigquery', 'redshift']
/** How casesOf in test/warehouses/conformance marks a case that is known to fail on a test server. */
const GAP = /^(.*) \[gap: (.*)\]$/

/** A case of the suite as vitest's JSON report has it. */
export interface Case {
  ancestorTitles: string[]
  title: string
  status: string
  meta?: { notApplicable?: string }
}

/** The page of a run. Throws where a case failed or was skipped without a reason: a page must not hide it. */
export function conformancePage(found: readonly Case[]): string {
  // The suite is the innermost two levels; what stands elsewhere in those files is not of the suite.
  const cases = found.flatMap((one) => {
    const titles = one.ancestorTitles.slice(-2)
    return titles.length === 2 ? [{ ...one, ancestorTitles: titles }] : []
  })
  const isSkipped = ({ meta }: Case) => meta?.notApplicable !== undefined
  const wrong = found.filter((one) => one.status !== 'passed' && !isSkipped(one)).map(({ title }) => title)
  if (wrong.length > 0) throw new Error(`not all cases passed: ${wrong.join(', ')}`)
  const warehouses = [...new Set(cases.map(({ ancestorTitles: [warehouse = ''] }) => warehouse))]
  const capabilities = [...new Set(cases.map(({ ancestorTitles: [, capability = ''] }) => capability))]
  const of = (warehouse: string, capability?: string) =>
    cases.filter(({ ancestorTitles: [w, c] }) => w === warehouse && (capability === undefined || c === capability))
  const cell = (warehouse: string, capability: string) => {
    const all = of(warehouse, capability).filter((one) => !isSkipped(one))
    const gaps = all.filter(({ title }) => GAP.test(title)).length
    return gaps === 0 ? `${all.length}` : `${all.length - gaps} of ${all.length}`
  }
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const gaps = warehouses.flatMap((warehouse) =>
    of(warehouse).flatMap(({ ancestorTitles, title }) => {
      const [, name, reason] = GAP.exec(title) ?? []
      return name === undefined ? [] : [`- **${warehouse}**, ${ancestorTitles[1]}: ${name}. ${reason}`]
    }),
  )
  const skips = warehouses.flatMap((warehouse) =>
    of(warehouse).flatMap(({ ancestorTitles, title, meta }) =>
      meta?.notApplicable === undefined
        ? []
        : [`- **${warehouse}**, ${ancestorTitles[1]}: ${title}: ${meta.notApplicable}.`],
    ),
  )
  return `${[
    '# Conformance',
    '',
    'One suite (`test/warehouses/conformance`) says what every warehouse must do, and runs on each: the number of cases that',
    'hold. Where a test server gets a case wrong that the real service gets right, the case is expected to fail there, and',
    'stands below. `npm run conformance` writes this page.',
    '',
    row(['', ...warehouses]),
    row(['---', ...warehouses.map(() => '---')]),
    ...capabilities.map((capability) =>
      row([capability, ...warehouses.map((warehouse) => cell(warehouse, capability))]),
    ),
    '',
    '## What test servers get wrong',
    '',
    ...(gaps.length === 0 ? ['Nothing.'] : gaps),
    '',
    '## What a warehouse need not do',
    '',
    ...(skips.length === 0 ? ['Nothing was skipped.'] : skips),
    '',
  ].join('\n')}`
}

if (import.meta.main) {
  const folder = mkdtempSync(path.join(tmpdir(), 'engageops-conformance-'))
  const report = path.join(folder, 'report.json')
  const files = SUITES.map((name) => `test/warehouses/${name}.test.ts`)
  const flags = ['--project=unit', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = spawnSync('npm', ['exec', '--no', '--', 'vitest', 'run', ...flags, ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ENGAGEOPS_CI_REQUIRE_ALL: '1' },
  })
  if (status === 0) {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const cases: Case[] = testResults.flatMap(({ assertionResults }: { assertionResults: Case[] }) => assertionResults)
    writeFileSync(path.join(ROOT, PAGE), conformancePage(cases))
    console.log(`${PAGE}: ${cases.length} cases`)
  }
  rmSync(folder, { recursive: true })
  process.exitCode = status ?? 1
}
