import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { formatError, loadManifests } from '../../src/model/load.ts'

const EXAMPLES = path.join(import.meta.dirname, '../../examples')
const read = (file: string): string => readFileSync(path.join(EXAMPLES, file), 'utf8')

const documentsOf = (folder: string) =>
  globSync(`${folder}/**/*.yaml`, { cwd: EXAMPLES }).flatMap((file) =>
    parseAllDocuments(read(file)).map((document) => document.toJS()),
  )

describe.each(['quickstart', 'kubernetes', 'kubernetes-s3', 'argocd'])('examples/%s', (folder) => {
  test('is valid, and complete', () => {
    const { resources, errors } = loadManifests([path.join(EXAMPLES, folder)])
    expect(errors.map(formatError)).toEqual([])
    expect(new Set(resources.map(({ resource }) => resource.kind))).toEqual(
      new Set(['WarehouseDestination', 'EngageSpace', 'Activation']),
    )
  })

  test('can be joined on standard input', () => {
    const files = globSync(`${folder}/**/*.yaml`, { cwd: EXAMPLES })
    const { resources, errors } = loadManifests(['-'], files.map(read).join(''))
    expect(errors.map(formatError)).toEqual([])
    expect(resources).toHaveLength(loadManifests([path.join(EXAMPLES, folder)]).resources.length)
  })

  test('has no value of a secret', () => {
    const secrets = documentsOf(folder).filter(({ kind }) => kind === 'Secret')
    for (const { stringData } of secrets) expect(new Set(Object.values(stringData))).toEqual(new Set(['change-me']))
  })
})

test('the volume of examples/kubernetes gets the calls of the quickstart', () => {
  const configMap = documentsOf('kubernetes').find(({ kind }) => kind === 'ConfigMap')
  const calls = globSync('quickstart/calls/*', { cwd: EXAMPLES }).map((file) => [path.basename(file), read(file)])
  expect(configMap.data).toEqual(Object.fromEntries(calls))
})
