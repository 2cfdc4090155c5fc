import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { KubeObject } from '../../src/kube/object.ts'
import { Fleet } from '../operator/fleet.ts'
import { activation, destination, type Manifest, space } from '../operator/manifests.ts'
import { RunningOperator } from '../operator/running-operator.ts'
import { WatchedDatabase } from '../operator/watched-database.ts'
import { describeWithTerraform } from './on-terraform.ts'
import { BACKENDS, type Backend, importsOf, stackOf } from './stack.ts'
import { Terraform } from './terraform.ts'

/** The first run builds the provider. */
const BUILD_TIMEOUT = 600_000

/** What the constructs come down to, written by hand: Terraform brings resources, the operator makes their tables. */
for (const backend of BACKENDS) {
  describeWithTerraform(backend, (cluster) => {
    let database: WatchedDatabase
    let fleet: Fleet
    let operator: RunningOperator
    let terraform: Terraform

    beforeAll(async () => {
      const { kubeconfig, namespace } = cluster()
      terraform = await Terraform.create()
      database = await WatchedDatabase.create()
      fleet = new Fleet(kubeconfig, namespace)
      operator = await RunningOperator.start({ kubeconfig, namespace })
    }, BUILD_TIMEOUT)

    afterAll(async () => {
      await operator?.[Symbol.asyncDispose]()
      await fleet?.[Symbol.asyncDispose]()
      await database?.[Symbol.asyncDispose]()
      await terraform?.[Symbol.asyncDispose]()
    })

    const destinationAndSpace = (): Manifest[] => [
      destination(cluster().namespace, database.address),
      space(cluster().namespace),
    ]
    const cartsWith = (spec: object = {}) => activation(cluster().namespace, 'carts', spec)
    const secret = () => ({
      kubernetes_secret_v1: {
        postgres: {
          metadata: [{ namespace: cluster().namespace, name: 'postgres' }],
          data: { password: database.password },
        },
      },
    })

    /** The stack, with this activation beside the destination and its space. */
    const write = async (carts: Manifest = cartsWith()) => {
      const { resource, ...stack } = stackOf(backend, cluster().kubeconfig, [...destinationAndSpace(), carts])
      await terraform.write({ ...stack, resource: { ...resource, ...secret() } })
    }

    test('init, validate and apply; the operator makes the tables', async () => {
      await write()
      await terraform.init()
      await terraform.validate()
      const { text } = await terraform.plan()
      expect(text).toContain('Plan: 4 to add, 0 to change, 0 to destroy.')
      expect(text).not.toContain(database.password)
      await terraform.apply()
      await fleet.hasReady('Activation', 'carts', 'True Ready')
      expect(await database.tables()).toContain('main.carts')
    })

    test('a plan shows no changes, though the operator has written to what was applied', async () => {
      const plan = await terraform.plan()
      expect(plan.text).toContain('No changes.')
      expect(plan.changes).toBe(false)
    })

    test('an update changes the resource in place, and the operator adds the column', async () => {
      const { uid } = (await fleet.get('Activation', 'carts')).metadata
      const columns = [{ name: 'cart_id', type: 'String', path: '$.properties.cart_id' }]
      const storageActions = { table: 'carts', triggers: ['EntityAdded'], columns }
      await write(cartsWith({ storageActions }))
      expect((await terraform.plan()).text).toContain('Plan: 0 to add, 1 to change, 0 to destroy.')
      await terraform.apply()
      await fleet.hasReady('Activation', 'carts', 'True Ready')
      expect((await fleet.get('Activation', 'carts')).metadata.uid).toBe(uid)
      expect(await database.columns('main.carts')).toContain('cart_id')
      expect((await terraform.plan()).changes).toBe(false)
    })

    test('what was changed by hand is found, and put right', async () => {
      const { kubectl } = cluster()
      const patch = JSON.stringify({ spec: { deletionPolicy: 'Delete', storageActions: { columns: [] } } })
      await kubectl(['patch', 'activation', 'carts', '--type=merge', `--patch=${patch}`])
      expect((await terraform.plan()).changes).toBe(true)
      await terraform.apply()
      const { spec } = await fleet.get('Activation', 'carts')
      expect(spec.storageActions).toMatchObject({ columns: [{ name: 'cart_id' }] })
      expect((await terraform.plan()).changes).toBe(false)
    })

    test('what was deleted by hand is made again', async () => {
      await fleet.delete('Activation', 'carts')
      expect((await terraform.plan()).text).toContain('Plan: 1 to add, 0 to change, 0 to destroy.')
      await terraform.apply()
      await fleet.hasReady('Activation', 'carts', 'True Ready')
    })

    test('destroy deletes the resources, and tables stay: their policy is Retain', async () => {
      await terraform.destroy()
      const { kubectl } = cluster()
      const left = await kubectl(['get', 'activations,engagespaces,warehousedestinations,secrets', '--output=name'])
      expect(left).toBe('')
      expect(await database.tables()).toContain('main.carts')
    })

    test('takes over what kubectl applied, and creates nothing', async () => {
      const { apply, kubeconfig } = cluster()
      const manifests = [...destinationAndSpace(), cartsWith()]
      await fleet.putSecret(database.password)
      await apply(...manifests)
      await fleet.hasReady('Activation', 'carts', 'True Ready')
      const uids = async () => (await fleet.all('Activation')).map(({ metadata }) => metadata.uid)
      const before = await uids()

      await terraform.write(stackOf(backend, kubeconfig, manifests, { import: importsOf(backend, manifests) }))
      expect((await terraform.plan()).text).toMatch(/Plan: 3 to import, 0 to add, \d to change, 0 to destroy\./)
      await terraform.apply()
      expect(await uids()).toEqual(before)
      expect((await terraform.plan()).changes).toBe(false)
    })
  })
}

describeWithTerraform('what the two resources refuse, and when', (cluster) => {
  /** Runs in a folder that has this stack. */
  const withStack = async (stack: object) => {
    const terraform = await Terraform.create()
    onTestFinished(() => terraform[Symbol.asyncDispose]())
    await terraform.write(stack)
    await terraform.init()
    return terraform
  }
  const stack = (backend: Backend, ...manifests: KubeObject[]) => stackOf(backend, cluster().kubeconfig, manifests)
  const gadget = () => ({
    apiVersion: 'example.com/v1',
    kind: 'Gadget',
    metadata: { name: 'a', namespace: cluster().namespace },
  })

  test('without a cluster kubectl_manifest can be planned, kubernetes_manifest cannot', async () => {
    const nowhere = { host: 'https://127.0.0.1:1' }
    const provider = { kubernetes: nowhere, kubectl: { ...nowhere, load_config_file: false } }
    const kubectl = await withStack({ ...stack('kubectl_manifest', gadget()), provider })
    expect((await kubectl.plan()).text).toContain('Plan: 1 to add')
    const kubernetes = await withStack({ ...stack('kubernetes_manifest', gadget()), provider })
    await expect(kubernetes.plan()).rejects.toThrow('ECONNREFUSED')
  })

  test('without its definition kubectl_manifest can be planned, kubernetes_manifest cannot', async () => {
    const kubectl = await withStack(stack('kubectl_manifest', gadget()))
    expect((await kubectl.plan()).text).toContain('Plan: 1 to add')
    const kubernetes = await withStack(stack('kubernetes_manifest', gadget()))
    await expect(kubernetes.plan()).rejects.toThrow('CRD may not be installed')
  })

  test.each(BACKENDS)('%s: what the API server refuses is said in its words', async (backend) => {
    const { namespace } = cluster()
    const unnamed = await withStack(stack(backend, space(namespace, 'unnamed', { name: 'Not A Name' })))
    await expect(unnamed.apply()).rejects.toThrow('spec.name')
    const misspelt = await withStack(stack(backend, space(namespace, 'misspelt', { audience: [] })))
    await expect(misspelt.apply()).rejects.toThrow('spec.audience')
  })

  test('kubernetes_manifest takes nothing over without an import', async () => {
    const { namespace, apply } = cluster()
    const there = space(namespace, 'there')
    await apply(there)
    const terraform = await withStack(stack('kubernetes_manifest', there))
    await expect(terraform.apply()).rejects.toThrow('Cannot create resource that already exists')
    for (const { to, id } of importsOf('kubernetes_manifest', [there])) await terraform.import(to, id)
    expect((await terraform.plan()).text).toContain('Plan: 0 to add, 1 to change, 0 to destroy.')
  })

  test('a mapping of another shape replaces kubernetes_manifest, and changes kubectl_manifest', async () => {
    const { namespace } = cluster()
    const mapped = (properties: object) =>
      activation(namespace, 'mapped', {
        storageActions: { table: 'mapped', triggers: ['EntityAdded'], mapping: { properties } },
      })
    for (const [backend, verdict] of [
      ['kubernetes_manifest', 'Plan: 1 to add, 0 to change, 1 to destroy.'],
      ['kubectl_manifest', 'Plan: 0 to add, 1 to change, 0 to destroy.'],
    ] as const) {
      const terraform = await withStack(stack(backend, mapped({ plan: { '@path': '$.properties.plan' } })))
      await terraform.apply()
      await terraform.write(stack(backend, mapped({ plan: { '@path': '$.properties.tier' } })))
      expect((await terraform.plan()).text).toContain('Plan: 0 to add, 1 to change, 0 to destroy.')
      await terraform.write(stack(backend, mapped({ plan: { '@path': '$.properties.tier' }, seats: 1 })))
      expect((await terraform.plan()).text).toContain(verdict)
      await terraform.destroy()
    }
  })

  test('a write-only value gets to the Secret, and not into the state', async () => {
    const { namespace, kubeconfig, kubectl } = cluster()
    const metadata = [{ namespace, name: 'write-only' }]
    const secret = {
      kubernetes_secret_v1: { s: { metadata, data_wo: { password: 'once-only' }, data_wo_revision: 1 } },
    }
    const terraform = await withStack({ ...stackOf('kubectl_manifest', kubeconfig, []), resource: secret })
    await terraform.apply()
    const stored = await kubectl(['get', 'secret', 'write-only', '--output=jsonpath={.data.password}'])
    expect(Buffer.from(stored, 'base64').toString()).toBe('once-only')
    expect(JSON.stringify([...(await terraform.state())])).not.toContain('once-only')
    expect((await terraform.plan()).changes).toBe(false)
  })
})

describeWithTerraform('the providers of the tests', () => {
  test('have the schemas that the constructs are generated from', async () => {
    await using terraform = await Terraform.create()
    await terraform.write({ terraform: stackOf('kubectl_manifest', '', []).terraform })
    await terraform.init()
    const schemas = await terraform.schemas()
    for (const [name, source] of [
      ['kubernetes', 'hashicorp/kubernetes'],
      ['kubectl', 'gavinbunney/kubectl'],
    ]) {
      const file = path.join(import.meta.dirname, `../../src/cdktf/bindings/${name}.schema.json`)
      const written = JSON.parse(readFileSync(file, 'utf8')).provider_schemas[`registry.terraform.io/${source}`]
      expect(types(schemas.get(`${source}`)), name).toMatchObject(types(written))
    }
  })
})

/** Without what is said to people. */
function types(schema: unknown): object {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key.startsWith('description') ? undefined : value)))
}
