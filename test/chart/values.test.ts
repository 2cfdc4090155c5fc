import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { documentedValues } from '../../scripts/chart-files.ts'
import { CHART } from '../../scripts/helm.ts'
import { LABEL_SELECTORS, NO_LABEL_SELECTORS } from '../kube/label-selectors.ts'
import { HELM_TIMEOUT, hasHelm, one, render } from './render.ts'

const values = readFileSync(path.join(CHART, 'values.yaml'), 'utf8')
const schema: Schema = JSON.parse(readFileSync(path.join(CHART, 'values.schema.json'), 'utf8'))

interface Schema {
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
}

test('values.schema.json knows the values of values.yaml, and no others', () => {
  const { global: _global, ...own } = schema.properties ?? {}
  const known = leavesOf(
    { properties: own },
    documentedValues(values).map(({ name }) => name),
  )
  expect(known.sort()).toEqual(
    documentedValues(values)
      .map(({ name }) => name)
      .sort(),
  )
})

/** Paths in the schema, no deeper than the values that are documented. */
function leavesOf({ properties = {} }: Schema, documented: string[], parent = ''): string[] {
  return Object.entries(properties).flatMap(([key, below]) => {
    const name = parent + key
    return documented.includes(name) || !below.properties ? [name] : leavesOf(below, documented, `${name}.`)
  })
}

test('comments of values.yaml are found at each depth', () => {
  const text =
    '# The file.\n\n# One.\na: 1\nb:\n  # Two, with a | in it.\n  c: []\n  # Three.\n  d:\n    # Not told.\n    e: x\n'
  expect(documentedValues(text)).toEqual([
    { name: 'a', byDefault: '1', description: 'One.' },
    { name: 'b.c', byDefault: '[]', description: 'Two, with a \\| in it.' },
    { name: 'b.d', byDefault: '{"e":"x"}', description: 'Three.' },
  ])
  expect(() => documentedValues('# A.\na: 1\nb: 2\n')).toThrow('b has no comment')
})

test('the defaults are those that the operator has by itself', () => {
  expect(parse(values)).toMatchObject({ workers: 8, logLevel: 'info', metrics: { port: 8080 }, health: { port: 8081 } })
})

describe.skipIf(!hasHelm)('helm refuses', { timeout: HELM_TIMEOUT }, () => {
  test.each([
    [{ replica: 2 }, "additional properties 'replica' not allowed"],
    [{ replicas: 'two' }, "at '/replicas': got string, want integer"],
    [{ replicas: -1 }, "at '/replicas': minimum"],
    [{ image: { tags: 'x' } }, "at '/image': additional properties 'tags' not allowed"],
    [{ image: { digest: 'sha256:12' } }, "at '/image/digest'"],
    [{ image: { pullPolicy: 'Sometimes' } }, "at '/image/pullPolicy': value must be one of '', 'Always'"],
    [{ logLevel: 'loud' }, "at '/logLevel': value must be one of 'trace', 'debug'"],
    [{ scope: { namespaces: 'team-a' } }, "at '/scope/namespaces': got string, want array"],
    [{ scope: { namespaces: ['Team A'] } }, "at '/scope/namespaces/0'"],
    [{ metrics: { port: 70000 } }, "at '/metrics/port': maximum"],
    [
      { metrics: { serviceMonitor: { enabled: 'yes' } } },
      "at '/metrics/serviceMonitor/enabled': got string, want boolean",
    ],
    [{ podAnnotations: { a: 1 } }, "at '/podAnnotations/a': got number, want string"],
    [{ podDisruptionBudget: { maxUnavailable: 'half' } }, "at '/podDisruptionBudget/maxUnavailable'"],
  ])('%j', async (wrong, message) => {
    await expect(render(wrong)).rejects.toThrow(message)
  })

  test.each(NO_LABEL_SELECTORS)('the selector "%s"', async (selector) => {
    await expect(render({ scope: { selector } })).rejects.toThrow('is no label selector: write labels such as shard=a')
  })

  test.each(LABEL_SELECTORS)('but not the selector "%s"', async (selector) => {
    const { spec } = one(await render({ scope: { selector } }), 'Deployment')
    expect(spec).toMatchObject({
      template: { spec: { containers: [{ args: expect.arrayContaining([`--selector=${selector}`]) }] } },
    })
  })

  test('one port for both servers', async () => {
    const message = 'metrics.port and health.port are both 8081: give each a port of its own'
    await expect(render({ metrics: { port: 8081 } })).rejects.toThrow(message)
  })

  test('nothing where a chart above it sets global values', async () => {
    expect(await render({ global: { region: 'eu' } })).not.toEqual([])
  })
})
