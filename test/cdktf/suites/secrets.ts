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
