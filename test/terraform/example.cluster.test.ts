import { afterAll, beforeAll, expect, test } from 'vitest'
import { packConstructs } from '../../scripts/pack.ts'
import { KINDS } from '../../src/model/resource.ts'
import { Fleet } from '../operator/fleet.ts'
import { RunningOperator } from '../operator/running-operator.ts'
import { WatchedDatabase } from '../operator/watched-database.ts'
import { Example } from './example.ts'
import { describeWithTerraform } from './on-terraform.ts'
import { Terraform } from './terraform.ts'

/** Packs, and builds the provider on the first run. */
const BUILD_TIMEOUT = 600_000

/** Of both frameworks at once: packed when the first suite needs them. */
let packages: ReturnType<typeof packConstructs> | undefined
const packed = () => {
  packages ??= packConstructs()
  return packages
}

/** One more column, as somebody adds it. */
const COLUMNS = 'columns: ['
const ONE_MORE = `${COLUMNS} { name: 'cart_currency', type: LogicalType.STRING, path: '$.properties.currency' },`

const HOURLY = "schedule: '0 * * * *'"
const DAILY = "schedule: '0 2 * * *'"

/** A stack that takes over all its resources, as docs/cdktf.md shows it. */
const ADOPT = `
const { App } = require('FRAMEWORK')
const { EngageManifest, EngageManifests, WarehouseSecret } = require('@engageops/FRAMEWORK')
const { EngageStack } = require('./engage-stack')

const app = new App()
const stack = new EngageStack(app, 'engage', app.node.getContext('engage'))
for (const construct of stack.node.findAll()) {
  if (EngageManifest.isEngageManifest(construct)) {
    construct.importFromCluster()
    if (construct.backend === 'kubernetes_manifest') {
      construct.resource.addOverride('field_manager', [{ force_conflicts: true }])
    }
  }
  if (construct instanceof WarehouseSecret) construct.resource.importFrom(process.env.SECRET_ID)
}
app.synth()
console.log(EngageManifests.toYaml(stack))
`

/** The example, as its users run it: packages, synthesis, Terraform, the operator, Postgres. */
for (const { framework, backend, secretId } of [
  {
    framework: 'cdktf',
    backend: 'kubectl_manifest',
    secretId: (namespace: string) => `v1//Secret//warehouse-password//${namespace}`,
  },
  {
    framework: 'cdktn',
    backend: 'kubernetes_manifest',
    secretId: (namespace: string) => `${namespace}/warehouse-password`,
  },
] as const) {
  describeWithTerraform(`examples/cdktf with ${framework} and ${backend}`, (cluster) => {
    let database: WatchedDatabase
    let fleet: Fleet
    let operator: RunningOperator
    let example: Example
    let terraform: Terraform

    beforeAll(async () => {
      const { kubeconfig, namespace } = cluster()
      example = await Example.create(framework, (await packed())[framework])
      database = await WatchedDatabase.create()
      fleet = new Fleet(kubeconfig, namespace)
      operator = await RunningOperator.start({ kubeconfig, namespace })
      const env = { KUBE_CONFIG_PATH: kubeconfig, TF_VAR_warehouse_password: database.password }
      terraform = await Terraform.create(await example.synth(context()), env)
    }, BUILD_TIMEOUT)

    afterAll(async () => {
      await operator?.[Symbol.asyncDispose]()
      await fleet?.[Symbol.asyncDispose]()
      await database?.[Symbol.asyncDispose]()
      await terraform?.[Symbol.asyncDispose]()
      await example?.[Symbol.asyncDispose]()
    })

    const context = () => ({
      namespace: cluster().namespace,
      backend,
      warehouse: { ...database.address, username: 'postgres', sslMode: 'Disable' },
    })
    /** Synthesizes the stack that takes over, and returns its manifests as YAML. */
    const adopt = () =>
      example.run('npx tsc && node adopt.js', {
        CDKTF_CONTEXT_JSON: JSON.stringify({ engage: context() }),
        SECRET_ID: secretId(cluster().namespace),
        // The framework asks it whether it knows imports.
        TERRAFORM_BINARY_NAME: terraform.program,
      })
    const left = () => cluster().kubectl(['get', [...KINDS, 'Secret'].join(), '--output=name'])

    test('init, validate, plan and apply; the operator makes the tables', async () => {
      await terraform.init()
      await terraform.validate()
      const { text } = await terraform.plan()
      expect(text).toContain('Plan: 6 to add, 0 to change, 0 to destroy.')
      expect(text).not.toContain(database.password)
      await terraform.apply()
      await fleet.allReady('Activation')
      expect(await database.tables()).toEqual(
        expect.arrayContaining(['default.abandoned_carts', 'engage_default.users']),
      )
    })

    test('outputs have the table as it was known at synthesis, and the status as the operator wrote it', async () => {
      expect(await terraform.outputs()).toMatchObject({ table: 'default.abandoned_carts' })
      await terraform.apply()
      expect(await terraform.outputs()).toMatchObject({ ready: 'True' })
    })

    test('a plan shows no changes', async () => {
      const plan = await terraform.plan()
      expect(plan.text).toContain('No changes.')
      expect(plan.changes).toBe(false)
    })

    test('an edit of the program becomes an update, and a column', async () => {
      await example.edit('engage-stack.ts', COLUMNS, ONE_MORE)
      await example.synth(context())
      expect((await terraform.plan()).text).toContain('Plan: 0 to add, 1 to change, 0 to destroy.')
      await terraform.apply()
      await fleet.hasReady('Activation', 'abandoned-carts', 'True Ready')
      expect(await database.columns('default.abandoned_carts')).toContain('cart_currency')
    })

    test('destroy takes the resources away, and leaves the tables', async () => {
      await terraform.destroy()
      expect(await left()).toBe('')
      expect(await database.tables()).toContain('default.abandoned_carts')
    })

    test('takes over what kubectl made, and creates nothing', async () => {
      const { kubectl } = cluster()
      await kubectl([
        'create',
        'secret',
        'generic',
        'warehouse-password',
        `--from-literal=password=${database.password}`,
      ])
      await example.write('adopt.js', ADOPT.replaceAll('FRAMEWORK', framework))
      await kubectl(['apply', '--validate=strict', '--filename=-'], await adopt())
      await fleet.allReady('Activation')
      const uids = async () =>
        (await Promise.all(KINDS.map((kind) => fleet.all(kind)))).flat().map(({ metadata }) => metadata.uid)
      const before = await uids()
      expect(before).toHaveLength(5)

      const { text } = await terraform.plan()
      expect(text).toMatch(/Plan: 6 to import, 0 to add, \d to change, 0 to destroy\./)
      await terraform.apply()
      expect(await uids()).toEqual(before)
      expect((await terraform.plan()).changes).toBe(false)
    })

    test('what was taken over is changed as anything else', async () => {
      await example.edit('engage-stack.ts', HOURLY, DAILY)
      await adopt()
      await terraform.apply()
      expect((await fleet.get('WarehouseDestination', 'warehouse')).spec.sync).toMatchObject({ schedule: '0 2 * * *' })
    })
  })
}
