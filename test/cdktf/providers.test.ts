import { App, TerraformStack, Testing } from 'cdktf'
import { expect, test } from 'vitest'
import { KubectlProvider } from '../../src/cdktf/bindings/kubectl-provider.ts'
import { KubernetesProvider } from '../../src/cdktf/bindings/kubernetes/provider/index.ts'

test('a stack requires the versions that the schemas are of', () => {
  expect(required((stack) => new KubernetesProvider(stack, 'kubernetes'))).toEqual({
    kubernetes: { source: 'hashicorp/kubernetes', version: '~> 2.38' },
  })
  expect(required((stack) => new KubectlProvider(stack, 'kubectl'))).toEqual({
    kubectl: { source: 'gavinbunney/kubectl', version: '~> 1.19' },
  })
})

test.each([
  [{ source: 'alekc/kubectl' }, { source: 'alekc/kubectl' }],
  [
    { source: 'alekc/kubectl', version: '~> 2.1' },
    { source: 'alekc/kubectl', version: '~> 2.1' },
  ],
  [{ version: '1.19.0' }, { source: 'gavinbunney/kubectl', version: '1.19.0' }],
])('the provider of kubectl_manifest can be another: %j', (props, expected) => {
  expect(required((stack) => new KubectlProvider(stack, 'kubectl', props))).toEqual({ kubectl: expected })
})

function required(add: (stack: TerraformStack) => void): unknown {
  const stack = new TerraformStack(new App(), 'stack')
  add(stack)
  return JSON.parse(Testing.synth(stack)).terraform.required_providers
}
