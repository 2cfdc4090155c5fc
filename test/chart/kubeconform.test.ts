import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { goTool, hasGo } from '../../scripts/go-tool.ts'
import { installManifests } from '../../scripts/manifests.ts'
import { API_VERSION } from '../../src/model/resource.ts'
import { writeKubernetesSchemas } from './kubernetes-schemas.ts'
import { ALL_ON, HELM_TIMEOUT, manifestsIn, renderText } from './render.ts'

/** Kinds of the Prometheus operator have no schema here. */
const FOREIGN = 'ServiceMonitor'

const own = path.join(import.meta.dirname, '../../schemas/{{.ResourceKind}}.json')

describe.skipIf(!hasGo())('kubeconform accepts', { timeout: HELM_TIMEOUT }, () => {
  let folder: string
  let kubeconform: string

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'engageops-schemas-'))
    kubeconform = await goTool('kubeconform')
    const kinds = manifestsIn((await installManifests()) + (await renderText(ALL_ON)))
      .concat(manifestsIn(await renderText({ scope: { namespaces: ['team-a'] } })))
      .filter(({ kind }) => kind !== FOREIGN)
      .map(({ apiVersion, kind }) => `${apiVersion}/${kind}`)
    writeKubernetesSchemas(new Set(kinds), folder)
  }, HELM_TIMEOUT)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** What kubeconform finds wrong; empty where nothing is. */
  function problemsOf(text: string): string[] {
    const locations = [path.join(folder, '{{.ResourceKind}}{{.KindSuffix}}.json'), own]
    const args = ['-strict', '-output=json', `-skip=${FOREIGN}`, ...locations.flatMap((at) => ['-schema-location', at])]
    const { stdout, stderr } = spawnSync(kubeconform, args, { input: text, encoding: 'utf8' })
    if (stdout === '') throw new Error(stderr)
    const { resources }: { resources: { kind: string; name: string; msg: string }[] } = JSON.parse(stdout)
    return resources.map(({ kind, name, msg }) => `${kind} ${name}: ${msg}`)
  }

  test.each([
    ['by default', {}],
    ['for single namespaces', { scope: { namespaces: ['team-a', 'team-b'] } }],
    ['with two replicas', { replicas: 2 }],
    ['with every option', ALL_ON],
  ])('the chart %s', async (_name, values) => {
    expect(problemsOf(await renderText(values))).toEqual([])
  })

  test('the plain manifests', async () => {
    expect(problemsOf(await installManifests())).toEqual([])
  })

  test('resources of the three kinds, but no unknown field, neither in them nor in the chart', async () => {
    const space = (spec: object) =>
      stringify({ apiVersion: API_VERSION, kind: 'EngageSpace', metadata: { name: 'default' }, spec })
    expect(problemsOf(space({ name: 'default' }))).toEqual([])
    expect(problemsOf(space({ name: 'default', audience: [] }))).toEqual([
      expect.stringContaining("'audience' not allowed"),
    ])
    const misspelt = (await renderText()).replace('terminationGracePeriodSeconds', 'terminationGracePeriod')
    expect(problemsOf(misspelt)).toEqual([expect.stringContaining("'terminationGracePeriod' not allowed")])
  })
})
