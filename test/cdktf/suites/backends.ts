import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { ActivationSpec } from '../../../src/cdktf/index.ts'
import type { Installed } from '../installed.ts'
import { connected, manifestsIn, POSTGRES, stackOf, synth } from '../stacks.ts'

const golden = path.join(import.meta.dirname, '../golden')

export function backends(installed: Installed): void {
  const { engage, tf, Group } = installed
  const { Backend, EngageDefaults, EngageManifests } = engage
  const terraform = [Backend.KUBERNETES_MANIFEST, Backend.KUBECTL_MANIFEST]
  const warningsOf = ({ node }: InstanceType<typeof Group>) => node.metadata.map(({ data }) => data)

  test.each(terraform)('the stack through %s', async (backend) => {
    const stack = stackOf(installed)
    EngageDefaults.set(stack, { backend, namespace: 'team-a', labels: { team: 'growth' } })
    const { warehouse, space } = connected(installed, stack)
    warehouse.activate('vip', {
      computation: space.addAudience('vip'),
      classic: {},
      annotations: { note: '${x} %{y}' },
    })
    await expect(`${JSON.stringify(synth(installed, stack), undefined, 2)}\n`).toMatchFileSnapshot(
      path.join(golden, `${backend}.json`),
    )
  })

  describe('text', () => {
    /** Words and characters that mean something to Terraform or YAML. */
    const words = fc.constantFrom(
      'yes',
      'NO',
      'null',
      '~',
      '0x1f',
      '1_000',
      '12:30:45',
      '2026-11-26',
      '.inf',
      '=',
      '<<',
    )
    const characters = fc.string({
      unit: fc.oneof(fc.constantFrom('$', '%', '{', '}', '"', '\\', '\n', ':', ' ', '-', '#', 'é', '👩'), fc.string()),
      minLength: 1,
      maxLength: 12,
    })

    test('reaches the cluster as it was written, whatever Terraform and YAML take it for', () => {
      fc.assert(
        fc.property(
          // Objects are copied on the way, and a copy has no key __proto__.
          fc
            .oneof({ weight: 4, arbitrary: characters }, words)
            .filter((text) => text.trim() !== '' && text !== '__proto__'),
          fc.constantFrom(...terraform),
          (text, backend) => {
            const stack = stackOf(installed)
            const spec = { name: 'default', audiences: [{ key: text, name: text }] }
            const annotations = { [text]: text }
            new engage.EngageSpaceManifest(stack, 'space', { backend, annotations, spec })
            const [manifest] = manifestsIn(installed, stack)
            expect(manifest).toMatchObject({ metadata: { annotations }, spec })
            for (const version of ['1.1', '1.2'] as const) {
              expect(parse(EngageManifests.toYaml(stack), { version })).toEqual(manifest)
            }
          },
        ),
        { numRuns: 150 },
      )
    })

    test('beside a token is escaped, and the token is left alone', () => {
      const stack = stackOf(installed)
      const host = new tf.TerraformVariable(stack, 'host', { type: 'string' }).stringValue
      const port = new tf.TerraformVariable(stack, 'port', { type: 'number' }).numberValue
      const warehouse = engage.Warehouse.postgres({ ...POSTGRES, host, port, username: `\${a}"${host}\\` })
      new engage.WarehouseDestination(stack, 'one', { warehouse })
      new engage.WarehouseDestination(stack, 'other', { warehouse, backend: Backend.KUBECTL_MANIFEST })
      const { resource } = synth(installed, stack)
      expect(resource.kubernetes_manifest?.warehousedestination_default_one).toMatchObject({
        manifest: { spec: { postgres: { host: '${var.host}', port: '${var.port}', username: '$${a}"${var.host}\\' } } },
      })
      const body = String(resource.kubectl_manifest?.warehousedestination_default_other?.yaml_body)
      expect(body).toContain('    host: ${jsonencode(var.host)}\n')
      expect(body).toContain('    port: ${jsonencode(var.port)}\n')
      expect(body).toContain('    username: ${jsonencode(join("", ["$${a}\\"", var.host, "\\\\"]))}\n')
    })

    test('of a token is nothing for YAML', () => {
      const stack = stackOf(installed)
      const host = new tf.TerraformVariable(stack, 'host', { type: 'string' }).stringValue
      new engage.WarehouseDestination(stack, 'one', {
        warehouse: engage.Warehouse.postgres({ ...POSTGRES, host }),
        backend: Backend.YAML,
      })
      expect(() => EngageManifests.toYaml(stack)).toThrow(
        'main/one/Resource: spec.postgres.host: is known only when Terraform runs (a token): write the value, or use another backend',
      )
    })
  })

  test('what is referred to is made first, in this stack and in others', () => {
    const app = tf.Testing.app()
    const base = stackOf(installed, 'base', app)
    const { warehouse, space } = connected(installed, base)
    const own = stackOf(installed, 'own', app)
    const computation = space.addAudience('vip')
    new engage.Activation(base, 'a', { computation, destination: warehouse, classic: {} })
    new engage.Activation(own, 'b', { computation: space.addAudience('new'), destination: warehouse, classic: {} })
    expect(synth(installed, base).resource.kubernetes_manifest?.activation_default_a?.depends_on).toEqual([
      'kubernetes_manifest.engagespace_default_space',
      'kubernetes_manifest.warehousedestination_default_warehouse',
    ])
    expect(synth(installed, own).resource.kubernetes_manifest?.activation_default_b?.depends_on).toBeUndefined()
    expect(own.dependencies).toEqual([base])
  })

  test('a stack does not come before and after another', () => {
    const app = tf.Testing.app()
    const { warehouse: destination } = connected(installed, stackOf(installed, 'shared', app))
    const team = stackOf(installed, 'team', app)
    const space = new engage.EngageSpace(team, 'other', { spaceName: 'other' })
    space.connect(destination)
    const computation = space.addAudience('vip')
    expect(() => destination.activate('vip', { computation, classic: {} })).toThrow(
      /^shared\/warehouse\/vip\/Resource: Activation\/warehouse-vip-\w+: refers to team\/other\/Resource, and stack team comes after stack shared: make it in team, with new Activation\(scope, id, \{ destination, \.\.\. \}\) instead of destination\.activate$/,
    )
    new engage.Activation(team, 'vip', { computation, destination, classic: {} })
    expect(() => synth(installed, team)).not.toThrow()
  })

  test('fields that props do not have are set by overrides', () => {
    const { stack, space } = connected(installed)
    space.manifest.addOverride('spec.future.field', [1])
    space.manifest.addOverride('spec.destinations.0.name', 'other')
    space.manifest.addOverride('spec.name', undefined)
    expect(manifestsIn(installed, stack)).toContainEqual(
      expect.objectContaining({ spec: { future: { field: [1] }, destinations: [{ name: 'other' }] } }),
    )
  })

  test('waiting for Ready is for kubernetes_manifest', () => {
    const stack = stackOf(installed)
    const props = { waitForReady: true, spec: { name: 'default' } }
    new engage.EngageSpaceManifest(stack, 'a', props)
    expect(synth(installed, stack).resource.kubernetes_manifest?.engagespace_default_a?.wait).toEqual({
      condition: [{ status: 'True', type: 'Ready' }],
    })
    for (const backend of [Backend.KUBECTL_MANIFEST, Backend.YAML]) {
      expect(() => new engage.EngageSpaceManifest(stack, backend, { ...props, backend })).toThrow(
        `main/${backend}: only kubernetes_manifest can wait: leave waitForReady out`,
      )
    }
  })

  test('what will surprise later is a warning now', () => {
    const { stack, space, warehouse } = connected(installed)
    const deletionPolicy = engage.DeletionPolicy.DELETE
    const mapping = engage.Mapping.object({ id: engage.Mapping.path('$.messageId') })
    const storageActions = { table: 'vip', mapping }
    const computation = space.addAudience('vip')
    const activate = (backend: (typeof terraform)[number]) =>
      warehouse.activate(backend, { backend, computation, storageActions, deletionPolicy })
    expect(warningsOf(activate(Backend.KUBERNETES_MANIFEST).manifest)).toEqual([
      'kubernetes_manifest makes the activation anew when the mapping gets or loses a field, and deletionPolicy Delete drops its table then: write Backend.KUBECTL_MANIFEST, or DeletionPolicy.RETAIN',
    ])
    expect(warningsOf(activate(Backend.KUBECTL_MANIFEST).manifest)).toEqual([])
    const file = engage.Warehouse.duckdb({ path: 'x.duckdb' })
    expect(warningsOf(new engage.WarehouseDestination(stack, 'file', { warehouse: file }).manifest)).toEqual([
      'an operator opens no DuckDB file: it is for the local mode, write another warehouse',
    ])
    const shared = new engage.EngageSpace(stack, 'shared', { spaceName: 'public' })
    shared.connect(warehouse)
    shared.addAudience('vip')
    expect(warningsOf(shared.manifest)).toEqual([
      'spec.destinations[0]: the storageActions schema is public, which other tables stand in too: a schema of its own is safer',
    ])
    const yaml = { warehouse: file, backend: Backend.YAML }
    expect(warningsOf(new engage.WarehouseDestination(stack, 'local', yaml).manifest)).toEqual([])
  })

  test('warnings of what was added later come at synthesis', () => {
    const { stack, space, warehouse } = connected(installed)
    space.addAudience('vip')
    const storageActions = { table: 'vip', triggers: [engage.Trigger.AUDIENCE_ENTERED] }
    const spec: ActivationSpec = {
      spaceRef: { name: space.resourceName },
      destinationRef: { name: warehouse.destinationName },
      computation: { audience: 'vip' },
      deletionPolicy: engage.DeletionPolicy.DELETE,
      storageActions,
    }
    const manifest = new engage.ActivationManifest(stack, 'vip', { spec })
    expect(warningsOf(manifest)).toEqual([])
    Object.assign(storageActions, { mapping: { properties: { id: { '@path': '$.messageId' } } } })
    synth(installed, stack)
    expect(warningsOf(manifest)).toEqual([expect.stringContaining('deletionPolicy Delete drops its table')])
  })

  test.each(['kubectl', 'helm', ''])('a backend that there is not, such as "%s", is refused', (written) => {
    const app = new tf.App({ context: { engage: { backend: written } } })
    const stack = stackOf(installed, 'main', app)
    EngageDefaults.set(stack, app.node.getContext('engage'))
    const choices = 'write one of kubernetes_manifest, kubectl_manifest, yaml'
    expect(() => new engage.EngageSpace(stack, 'space', { spaceName: 'default' })).toThrow(
      `main/space/Resource: backend: "${written}" is none: ${choices}`,
    )
    const password = new tf.TerraformVariable(stack, 'password', { type: 'string', sensitive: true })
    expect(() => new engage.WarehouseSecret(stack, 'login', { values: { password } })).toThrow(
      `main/login: backend: "${written}" is none: ${choices}`,
    )
  })

  test('outside of stacks there is YAML only', () => {
    const app = tf.Testing.app()
    expect(() => new engage.EngageSpace(app, 'space', { spaceName: 'default' })).toThrow(
      'space/Resource: stands in no stack, and kubernetes_manifest needs one: make it below a TerraformStack, or write Backend.YAML',
    )
  })

  test('YAML is of one cluster, whatever stacks and providers are', () => {
    const app = tf.Testing.app()
    for (const id of ['dev', 'prod']) connected(installed, stackOf(installed, id, app))
    expect(() => EngageManifests.toYaml(app)).toThrow(
      'prod/space/Resource: EngageSpace/space: metadata.name: stands in dev/space/Resource too',
    )
    const stack = stackOf(installed)
    const provider = new engage.kubernetes.provider.KubernetesProvider(stack, 'other', { alias: 'other' })
    const props = { name: 'same', spec: { name: 'default' } }
    new engage.EngageSpaceManifest(stack, 'a', props)
    new engage.EngageSpaceManifest(stack, 'b', { ...props, provider })
    expect(() => EngageManifests.toYaml(stack)).toThrow('main/b: EngageSpace/same: metadata.name: stands in main/a too')
  })

  test('a stack as HCL has the same resources', () => {
    const stack = stackOf(installed)
    const props = { namespace: 'team-a', labels: { team: 'growth' }, spec: { name: 'default' } }
    new engage.EngageSpaceManifest(stack, 'a', { ...props, waitForReady: true })
    new engage.EngageSpaceManifest(stack, 'b', { ...props, backend: Backend.KUBECTL_MANIFEST })
    const { hcl } = stack.toHclTerraform()
    expect(hcl).toContain('resource "kubernetes_manifest" "engagespace_team-a_a" {')
    expect(hcl).toMatch(/wait \{\s+condition \{\s+status = "True"\s+type\s+= "Ready"/)
    expect(hcl).toContain('resource "kubectl_manifest" "engagespace_team-a_b" {')
    expect(hcl).toContain('kind = "EngageSpace"')
  })

  describe('a resource that is there already', () => {
    test('in the cluster', () => {
      const { stack, space, warehouse } = connected(installed)
      const backend = Backend.KUBECTL_MANIFEST
      const other = new engage.EngageSpaceManifest(stack, 'b', { backend, namespace: 'team-a', spec: { name: 'b' } })
      space.manifest.importFromCluster()
      other.importFromCluster()
      warehouse.manifest.movedFrom('kubernetes_manifest.old')
      expect(synth(installed, stack)).toMatchObject({
        import: [
          {
            to: 'kubernetes_manifest.engagespace_default_space',
            id: 'apiVersion=engageops.dev/v1alpha1,kind=EngageSpace,namespace=default,name=space',
          },
          { to: 'kubectl_manifest.engagespace_team-a_b', id: 'engageops.dev/v1alpha1//EngageSpace//b//team-a' },
        ],
        moved: [{ from: 'kubernetes_manifest.old', to: 'kubernetes_manifest.warehousedestination_default_warehouse' }],
      })
    })

    test('keeps its address when its construct is renamed or moved', () => {
      const props = { name: 'same', spec: { name: 'default' } }
      const stacks = [1, 2, 3].map(() => stackOf(installed))
      const [first, renamed, moved] = stacks
      if (!first || !renamed || !moved) throw new Error('there are three')
      new engage.EngageSpaceManifest(first, 'a', props)
      new engage.EngageSpaceManifest(renamed, 'b', props)
      new engage.EngageSpaceManifest(new Group(moved, 'team'), 'a', props)
      for (const stack of stacks) {
        expect(Object.keys(synth(installed, stack).resource.kubernetes_manifest ?? {})).toEqual([
          'engagespace_default_same',
        ])
      }
    })

    test('cannot be taken over where there is no state', () => {
      const stack = stackOf(installed)
      const props = { backend: Backend.YAML, spec: { name: 'default' } }
      const manifest = new engage.EngageSpaceManifest(stack, 'space', props)
      expect(() => manifest.importFromCluster()).toThrow('the backend is YAML, which has no state')
      expect(() => manifest.movedFrom('x.y')).toThrow('the backend is YAML, which has no state')
      expect(() => manifest.statusAttribute('schema')).toThrow('the backend is YAML, which has no state')
    })
  })

  test.each(terraform)('the status is a token that a data source reads, with %s', (backend) => {
    const stack = stackOf(installed)
    EngageDefaults.set(stack, { backend })
    const { warehouse, space } = connected(installed, stack)
    const activation = warehouse.activate('vip', { name: 'vip', computation: space.addAudience('vip'), classic: {} })
    new tf.TerraformOutput(stack, 'ready', { value: activation.ready })
    new tf.TerraformOutput(stack, 'end', { value: activation.lastSyncEnd })
    new tf.TerraformOutput(stack, 'table', { value: activation.manifest.statusAttribute('tables[0].name') })
    const status = 'data.kubernetes_resource.activation_default_vip.object.status'
    expect(synth(installed, stack)).toMatchObject({
      data: {
        kubernetes_resource: {
          activation_default_vip: {
            api_version: 'engageops.dev/v1alpha1',
            kind: 'Activation',
            metadata: { name: 'vip', namespace: 'default' },
            depends_on: [`${backend}.activation_default_vip`],
          },
        },
      },
      output: {
        ready: { value: `\${try(zipmap(${status}.conditions[*].type, ${status}.conditions[*].status).Ready, "")}` },
        end: { value: `\${try(${status}.lastSync.end, "")}` },
        table: { value: `\${try(${status}.tables[0].name, "")}` },
      },
    })
    expect(() => activation.manifest.statusAttribute('x}${y')).toThrow('is no path: write one such as tables[0].name')
  })

  test('the status is not read from another cluster', () => {
    const stack = stackOf(installed)
    const provider = new engage.KubectlProvider(stack, 'two', { alias: 'two' })
    const props = { backend: Backend.KUBECTL_MANIFEST, provider, spec: { name: 'default' } }
    const manifest = new engage.EngageSpaceManifest(stack, 'space', props)
    expect(() => manifest.conditionStatus('Ready')).toThrow(
      'main/space: its provider has the alias two, and the status would be read through the one of hashicorp/kubernetes without an alias',
    )
  })
}
