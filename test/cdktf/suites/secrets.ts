import { describe, expect, test } from 'vitest'
import type { Installed } from '../installed.ts'
import { manifestsIn, POSTGRES, stackOf, synth } from '../stacks.ts'

export function secrets(installed: Installed): void {
  const { engage, tf } = installed
  const { Backend, WarehouseSecret } = engage
  const variable = (stack: ReturnType<typeof stackOf>, sensitive = true) =>
    new tf.TerraformVariable(stack, 'password', { type: 'string', sensitive })

  describe('a Secret made of a sensitive variable', () => {
    test('is a resource of its own, and references name it', () => {
      const stack = stackOf(installed)
      engage.EngageDefaults.set(stack, { namespace: 'team-a' })
      const secret = new WarehouseSecret(stack, 'login', { values: { password: variable(stack) } })
      expect(secret.key('password')).toEqual({ name: 'login', key: 'password' })
      expect(() => secret.key('pasword')).toThrow(
        'main/login: has no key "pasword": write one of password, or add it to values',
      )
      expect(synth(installed, stack).resource.kubernetes_secret_v1).toEqual({
        'secret_team-a_login': {
          data: { password: '${var.password}' },
          metadata: { name: 'login', namespace: 'team-a' },
        },
      })
    })

    test('comes before the warehouse that has it', () => {
      const stack = stackOf(installed)
      const secret = new WarehouseSecret(stack, 'login', { values: { password: variable(stack) } })
      const login = secret.key('password')
      new engage.WarehouseDestination(stack, 'w', {
        warehouse: engage.Warehouse.postgres({ ...POSTGRES, passwordSecretRef: login, caSecretRef: login }),
      })
      expect(synth(installed, stack).resource.kubernetes_manifest?.warehousedestination_default_w?.depends_on).toEqual([
        'kubernetes_secret_v1.secret_default_login',
      ])
    })

    test('comes before whatever names it, wherever that stands in the spec', () => {
      const stack = stackOf(installed)
      const secret = new WarehouseSecret(stack, 'keys', { values: { password: variable(stack) } })
      new engage.WarehouseDestinationManifest(stack, 'w', {
        spec: { postgres: { ...POSTGRES, passwordSecretRef: secret.key('password') } },
      })
      const staging = { stage: 'S.FILES', url: 'gcs://bucket', credentialsSecretRef: secret.reference() }
      new engage.WarehouseDestination(stack, 'snow', {
        warehouse: engage.Warehouse.snowflake({
          account: 'a',
          warehouse: 'W',
          database: 'D',
          username: 'u',
          oauthTokenSecretRef: { name: 'elsewhere', key: 'token' },
          staging,
        }),
      })
      const objectStore = { url: 's3://bucket/calls', credentialsSecretRef: secret.reference() }
      new engage.EngageSpace(stack, 'space', { spaceName: 'default', sources: [{ name: 'calls', objectStore }] })
      expect(staging.credentialsSecretRef).toEqual({ name: 'keys' })
      const { resource } = synth(installed, stack)
      for (const address of [
        'warehousedestination_default_w',
        'warehousedestination_default_snow',
        'engagespace_default_space',
      ]) {
        expect(resource.kubernetes_manifest?.[address]?.depends_on).toEqual([
          'kubernetes_secret_v1.secret_default_keys',
        ])
      }
    })

    test('is in the namespace of what names it', () => {
      const stack = stackOf(installed)
      const secret = new WarehouseSecret(stack, 'login', { namespace: 'a', values: { password: variable(stack) } })
      const warehouse = engage.Warehouse.postgres({ ...POSTGRES, passwordSecretRef: secret.key('password') })
      expect(() => new engage.WarehouseDestination(stack, 'w', { namespace: 'b', warehouse })).toThrow(
        'main/w/Resource: WarehouseDestination/w: is in namespace b and refers to main/login in a: write one namespace for both',
      )
    })

    test('of another stack has that stack come first', () => {
      const app = tf.Testing.app()
      const base = stackOf(installed, 'base', app)
      const secret = new WarehouseSecret(base, 'login', { values: { password: variable(base) } })
      const own = stackOf(installed, 'own', app)
      const warehouse = engage.Warehouse.postgres({ ...POSTGRES, passwordSecretRef: secret.key('password') })
      new engage.WarehouseDestination(own, 'w', { warehouse })
      expect(own.dependencies).toEqual([base])
    })

    test('can be in a namespace that only Terraform knows', () => {
      const stack = stackOf(installed)
      const namespace = new tf.TerraformVariable(stack, 'ns', { type: 'string' }).stringValue
      new WarehouseSecret(stack, 'login', { namespace, values: { password: variable(stack) } })
      const secrets = Object.entries(synth(installed, stack).resource.kubernetes_secret_v1 ?? {})
      expect(secrets).toEqual([
        [
          expect.stringMatching(/^[\w-]+$/),
          expect.objectContaining({ metadata: { name: 'login', namespace: '${var.ns}' } }),
        ],
      ])
    })

    test('can be the same in two clusters', () => {
      const stack = stackOf(installed)
      const provider = new engage.kubernetes.provider.KubernetesProvider(stack, 'k2', { alias: 'k2' })
      const props = { name: 'my.login', values: { password: variable(stack) } }
      new WarehouseSecret(stack, 'a', props)
      new WarehouseSecret(stack, 'b', { ...props, provider })
      expect(Object.keys(synth(installed, stack).resource.kubernetes_secret_v1 ?? {})).toEqual([
        'secret_default_my_login',
        'secret_default_my_login_k2',
      ])
    })

    test('has a name and keys that Kubernetes takes', () => {
      const stack = stackOf(installed)
      const password = variable(stack)
      expect(() => new WarehouseSecret(stack, 'a', { name: 'Bad_Name', values: { password } })).toThrow(
        'main/a: name: "Bad_Name" is no name of a Secret: write lower-case letters, digits, - and ., such as warehouse-login',
      )
      expect(() => new WarehouseSecret(stack, 'b', { values: { 'pass word': password } })).toThrow(
        'main/b: values: "pass word" is no key of a Secret: write letters, digits, -, _ and ., such as password',
      )
    })

    test('can go through kubectl_manifest, and never into YAML', () => {
      const stack = stackOf(installed)
      const values = { password: variable(stack) }
      new WarehouseSecret(stack, 'login', { values, backend: Backend.KUBECTL_MANIFEST })
      expect(synth(installed, stack).resource.kubectl_manifest).toMatchObject({
        secret_default_login: {
          sensitive_fields: ['data'],
          yaml_body: expect.stringContaining('data:\n  password: ${jsonencode(base64encode(var.password))}\n'),
        },
      })
      expect(manifestsIn(installed, stack)).toEqual([])
      expect(() => new WarehouseSecret(stack, 'other', { values, backend: Backend.YAML })).toThrow(
        'main/other: no Secret is written as YAML: make it in the cluster, and name it by { name, key }',
      )
    })

    test('is made once', () => {
      const stack = stackOf(installed)
      const values = { password: variable(stack) }
      new WarehouseSecret(stack, 'a', { name: 'login', values })
      new WarehouseSecret(stack, 'b', { name: 'login', namespace: 'other', values })
      expect(() => new WarehouseSecret(stack, 'c', { name: 'login', values })).toThrow(
        'main/c: the Secret login stands in main/a too: keep one of them, or give this one another name',
      )
    })

    test('takes no variable that Terraform would show', () => {
      const stack = stackOf(installed)
      expect(() => new WarehouseSecret(stack, 'login', { values: { password: variable(stack, false) } })).toThrow(
        'main/login: values.password: the variable password is not sensitive: write sensitive: true',
      )
    })
  })
}
