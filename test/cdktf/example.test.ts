import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { FRAMEWORKS, type Framework } from '../../scripts/pack.ts'
import { Example } from '../terraform/example.ts'

/** It compiles, and starts Node, several times. */
const TIMEOUT = 120_000

describe.each(Object.keys(FRAMEWORKS) as Framework[])('examples/cdktf with %s', (framework) => {
  test('its tests pass, and it is synthesized', { timeout: TIMEOUT }, async () => {
    await using example = await Example.create(framework, inject('packages')[framework])
    expect(await example.test()).toContain('fail 0')

    const { context } = JSON.parse(await readFile(path.join(example.folder, 'cdktf.json'), 'utf8'))
    const stack = await example.synth(context.engage)
    const { resource } = JSON.parse(await readFile(path.join(stack, 'cdk.tf.json'), 'utf8'))
    expect(Object.keys(resource.kubectl_manifest).sort()).toEqual([
      'activation_engage_abandoned-carts',
      'activation_engage_first-time-shopper',
      'activation_engage_total-revenue',
      'engagespace_engage_default',
      'secret_engage_warehouse-password',
      'warehousedestination_engage_warehouse',
    ])
  })
})
