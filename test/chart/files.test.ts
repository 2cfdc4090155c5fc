import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { chartFiles } from '../../scripts/chart-files.ts'
import { CHART } from '../../scripts/helm.ts'
import { DEFINITIONS } from '../../src/model/kinds.ts'
import { readManifest } from '../../src/model/manifest.ts'
import { API_VERSION, KINDS } from '../../src/model/resource.ts'

const root = path.join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

test.each([...chartFiles()])('%s is current', (file, text) => {
  expect(read(file) === text, `${file} is not current: run npm run generate`).toBe(true)
})

const chart: { version: string; appVersion: string; annotations: Record<string, string> } = parse(
  readFileSync(path.join(CHART, 'Chart.yaml'), 'utf8'),
)

test('chart, application and package have one version', () => {
  const { version } = JSON.parse(read('package.json'))
  expect([chart.version, chart.appVersion]).toEqual([version, version])
})

test('what Artifact Hub is told of the kinds is true', () => {
  const [, version] = API_VERSION.split('/')
  const told: unknown[] = parse(chart.annotations['artifacthub.io/crds'] ?? '')
  expect(told).toEqual(
    KINDS.map((kind) => {
      const { plural, description } = DEFINITIONS[kind]
      return expect.objectContaining({ kind, version, name: `${plural}.engageops.dev`, description })
    }),
  )
})

test('the examples for Artifact Hub are valid, and of every kind', () => {
  const examples: unknown[] = parse(chart.annotations['artifacthub.io/crdsExamples'] ?? '')
  const read = examples.map(readManifest)
  expect(read.flatMap((manifest) => ('problems' in manifest ? manifest.problems : []))).toEqual([])
  expect(read.map((manifest) => ('resource' in manifest ? manifest.resource.kind : undefined))).toEqual(KINDS)
})
