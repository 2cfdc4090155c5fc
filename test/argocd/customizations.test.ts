import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { argocdFiles } from '../../scripts/argocd-files.ts'
import { hasGo } from '../../scripts/go-tool.ts'
import { DEFINITIONS } from '../../src/model/kinds.ts'
import { KINDS, type Kind } from '../../src/model/resource.ts'
import { runLua } from './lua.ts'

const root = path.join(import.meta.dirname, '../..')
const folder = path.join(root, 'argocd/resource_customizations/engageops.dev')
/** The first run builds the tool. */
const BUILD_TIMEOUT = 600_000

const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8')
const yaml = (file: string) => parse(read(file))

interface HealthTest {
  inputPath: string
  healthStatus: { status: string; message: string }
}
interface DiscoveryTest {
  inputPath: string
  result: { name: string; disabled: boolean }[]
}
interface ActionTest {
  action: string
  inputPath: string
  expectedOutputPath: string
}

test.each([...argocdFiles()])('%s is current', (file, text) => {
  expect(readFileSync(path.join(root, file), 'utf8') === text, `${file} is not current: run npm run generate`).toBe(
    true,
  )
})

test('all kinds have the same health check', () => {
  expect(new Set(KINDS.map((kind) => read(`${kind}/health.lua`))).size).toBe(1)
})

test.each(globSync('**/testdata/*.yaml', { cwd: folder }))('%s is a resource that there can be', (file) => {
  const { kind, spec, status }: { kind: Kind; spec: unknown; status?: unknown } = yaml(file)
  expect(DEFINITIONS[kind].spec.parse(spec)).toEqual(spec)
  if (status !== undefined) expect(DEFINITIONS[kind].status.parse(status)).toEqual(status)
})

describe.skipIf(!hasGo()).each(KINDS)('%s', { timeout: BUILD_TIMEOUT }, (kind) => {
  const { tests }: { tests: HealthTest[] } = yaml(`${kind}/health_test.yaml`)
  const actions: { discoveryTests: DiscoveryTest[]; actionTests: ActionTest[] } = yaml(
    `${kind}/actions/action_test.yaml`,
  )

  const luaOf = async (script: string, input: string): Promise<unknown> => {
    const [outcome] = await runLua([{ script: read(`${kind}/${script}`), obj: yaml(`${kind}/${input}`) }])
    return outcome && 'result' in outcome ? outcome.result : outcome
  }

  test.each(tests)('is $healthStatus.status: $inputPath', async ({ inputPath, healthStatus }) => {
    expect(await luaOf('health.lua', inputPath)).toEqual(healthStatus)
  })

  test.each(actions.discoveryTests)('has its actions: $inputPath', async ({ inputPath, result }) => {
    const found = await luaOf('actions/discovery.lua', `actions/${inputPath}`)
    expect(
      Object.entries(found as object).map(([name, action]) => ({ name, disabled: action.disabled ?? false })),
    ).toEqual(expect.arrayContaining(result))
    expect(Object.keys(found as object)).toHaveLength(result.length)
  })

  test.each(actions.actionTests)('$action: $inputPath', async ({ action, inputPath, expectedOutputPath }) => {
    const input = yaml(`${kind}/actions/${inputPath}`)
    const output = await luaOf(`actions/${action}/action.lua`, `actions/${inputPath}`)
    const expected = yaml(`${kind}/actions/${expectedOutputPath}`)
    expect(withFixedTimes(withEmptyMaps(output, input))).toEqual(expected)
  })

  test('every action is discovered and tested', () => {
    const scripts = globSync(`${kind}/actions/*/action.lua`, { cwd: folder }).map((file) => file.split('/').at(-2))
    const discovered = actions.discoveryTests.flatMap(({ result }) => result.map(({ name }) => name))
    expect(new Set(discovered)).toEqual(new Set(scripts))
    expect(new Set(actions.actionTests.map(({ action }) => action))).toEqual(new Set(scripts))
  })
})

/** Lua has one empty table for maps and lists: what was an empty map before is one again, as Argo CD does it too. */
function withEmptyMaps(output: unknown, input: unknown): unknown {
  if (Array.isArray(output) && output.length === 0 && !Array.isArray(input)) return input
  if (Array.isArray(output))
    return output.map((item, index) => withEmptyMaps(item, Array.isArray(input) ? input[index] : undefined))
  if (typeof output !== 'object' || output === null) return output
  return Object.fromEntries(
    Object.entries(output).map(([key, value]) => {
      return [key, withEmptyMaps(value, (input as Record<string, unknown> | undefined)?.[key])]
    }),
  )
}

/** Times of requests as the expected outputs have them. */
function withFixedTimes(resource: unknown): unknown {
  const text = JSON.stringify(resource)
  return JSON.parse(
    text.replaceAll(/("engageops\.dev\/[a-z-]+-at":)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g, '$1"2026-11-20T10:05:00Z"'),
  )
}
