import { describe, expect, test } from 'vitest'
import type { Installed } from '../installed.ts'
import { connected, POSTGRES, stackOf, synth } from '../stacks.ts'

export function tokens(installed: Installed): void {
  const { engage, tf } = installed
  const { Backend, Mapping } = engage
  const variable = (stack: ReturnType<typeof stackOf>, name: string, type = 'string') =>
    new tf.TerraformVariable(stack, name, { type })

  describe('tokens', () => {
    test('are taken to be valid, whatever the field', () => {
      const stack = stackOf(installed)
      const text = new tf.TerraformVariable(stack, 'text', { type: 'string' }).stringValue
      const number = new tf.TerraformVariable(stack, 'number', { type: 'number' }).numberValue
      new engage.WarehouseDestination(stack, 'main', {
        warehouse: engage.Warehouse.postgres({ ...POSTGRES, host: text, port: number }),
        sync: { schedule: text, timeZone: text },
      })
      const spec = { name: text, audiences: [{ key: text }] }
      new engage.EngageSpaceManifest(stack, 'space', { spec })
      expect(() => synth(installed, stack)).not.toThrow()
    })

    test('that are names are the same name everywhere', () => {
      const stack = stackOf(installed)
      const namespace = new engage.kubernetes.namespaceV1.NamespaceV1(stack, 'namespace', {
        metadata: { name: 'team' },
      })
      engage.EngageDefaults.set(stack, { namespace: namespace.metadata.name })
      const { space, warehouse } = connected(installed, stack)
      expect(() => synth(installed, stack)).not.toThrow()
      warehouse.activate('a', { computation: space.audience('none'), classic: {} })
      expect(() => synth(installed, stack)).toThrow('EngageSpace space has no audience "none"')
    })

    test('do not hide what is wrong beside them', () => {
      const stack = stackOf(installed)
      const text = new tf.TerraformVariable(stack, 'text', { type: 'string' }).stringValue
      const spec = { postgres: { ...POSTGRES, porrt: text, port: 0 } }
      expect(() => new engage.WarehouseDestinationManifest(stack, 'main', { spec })).toThrow(
        /spec.postgres.port: 0 is too small: write 1 or more\n.*unknown field `porrt`, did you mean `port`\?/,
      )
    })

    test('can be values of any type, as variables have them', () => {
      const { stack, space, warehouse: destination } = connected(installed)
      const [host, port, suspend] = ['host', 'port', 'suspend'].map((name) => variable(stack, name, 'any'))
      new engage.WarehouseDestination(stack, 'lake', {
        warehouse: engage.Warehouse.postgres({ ...POSTGRES, host: host?.value, port: port?.value }),
        sync: { suspend: suspend?.booleanValue },
      })
      const mapping = Mapping.object({ id: Mapping.literal(variable(stack, 'id').value) })
      const computation = space.addAudience('vip')
      destination.activate('vip', { name: 'vip', computation, storageActions: { table: 'vip', mapping } })
      expect(synth(installed, stack).resource.kubernetes_manifest).toMatchObject({
        warehousedestination_default_lake: {
          manifest: {
            spec: { postgres: { host: '${var.host}', port: '${var.port}' }, sync: { suspend: '${var.suspend}' } },
          },
        },
        activation_default_vip: {
          manifest: { spec: { storageActions: { mapping: { properties: { id: { '@literal': '${var.id}' } } } } } },
        },
      })
    })

    test('do not keep a resource from being checked with others', () => {
      const { stack, space, warehouse: destination } = connected(installed)
      const suspend = variable(stack, 'suspend', 'bool').booleanValue
      const computation = space.audience('none')
      new engage.Activation(stack, 'vip', { computation, destination, classic: {}, suspend })
      expect(() => synth(installed, stack)).toThrow('EngageSpace space has no audience "none"')
    })

    test('that begin alike are different names', () => {
      const stack = stackOf(installed)
      for (const id of ['one', 'two']) {
        const name = `the-same-long-beginning-of-a-name-${variable(stack, id).stringValue}`
        new engage.EngageSpaceManifest(stack, `space-${id}`, { name, spec: { name: id } })
      }
      expect(() => synth(installed, stack)).not.toThrow()
    })

    test.each([
      [Backend.KUBERNETES_MANIFEST, '${merge(merge(var.all, {"a" = "b"}), var.tags)}', '${var.notes}'],
      [
        Backend.KUBECTL_MANIFEST,
        '${jsonencode(merge(merge(var.all, {"a" = "b"}), var.tags))}',
        '${jsonencode(var.notes)}',
      ],
    ] as const)('can be labels and annotations as a whole, with %s', (backend, labels, annotations) => {
      const stack = stackOf(installed)
      const value = (name: string) => variable(stack, name, 'map(string)').value
      engage.EngageDefaults.set(stack, { backend, labels: value('all') })
      const group = new installed.Group(stack, 'group')
      engage.EngageDefaults.set(group, { labels: { a: 'b' } })
      const props = { name: 'space', labels: value('tags'), annotations: value('notes') }
      new engage.EngageSpaceManifest(group, 'space', { ...props, spec: { name: 'default' } })
      tf.Aspects.of(stack).add(new engage.RequireLabels(['team']))
      const made = synth(installed, stack).resource[backend]?.engagespace_default_space
      expect(made).toMatchObject(
        backend === Backend.KUBERNETES_MANIFEST
          ? { manifest: { metadata: { labels, annotations } } }
          : { yaml_body: expect.stringContaining(`  labels: ${labels}\n  annotations: ${annotations}\n`) },
      )
    })
  })
}
