import { expect, test } from 'vitest'
import { formatError, formatNote } from '../../src/model/load.ts'
import { manifestsOfStack } from '../../src/model/terraform-stack.ts'

const read = (resource: unknown) => {
  const { manifests, notes, errors } = manifestsOfStack({ file: 'cdk.tf.json', text: JSON.stringify({ resource }) })
  return { manifests, notes: notes.map(formatNote), errors: errors.map(formatError) }
}

test('manifests of both resources, as Terraform reads their text', () => {
  expect(
    read({
      kubernetes_manifest: {
        a: { manifest: { kind: 'EngageSpace', note: '$${x} %%{y} $$$${z}', list: ['$${x}', 1] } },
      },
      kubectl_manifest: { b: { yaml_body: 'kind: Activation\nspec:\n  note: "$${x}: 5 %"\n' } },
      kubernetes_namespace_v1: { c: { metadata: { name: 'x' } } },
    }),
  ).toEqual({
    manifests: [
      { kind: 'EngageSpace', note: '${x} %{y} $$${z}', list: ['${x}', 1] },
      { kind: 'Activation', spec: { note: '${x}: 5 %' } },
    ],
    notes: [],
    errors: [],
  })
})

test('values that only Terraform knows are errors, each at its field', () => {
  expect(
    read({
      kubernetes_manifest: {
        a: {
          manifest: { kind: 'EngageSpace', spec: { name: '${var.name}', audiences: [{ key: '%{if x}a%{endif}' }] } },
        },
        b: { manifest: '${yamldecode(file("x.yaml"))}' },
      },
      kubectl_manifest: {
        c: { yaml_body: 'kind: Activation\nspec:\n  table: ${jsonencode(join("", ["a", var.b]))}\n' },
        d: { yaml_body: 'kind: Activation\nspec: ${jsonencode({ "a": 1, b = [2] })}\n' },
      },
    }).errors,
  ).toEqual(
    [
      'kubernetes_manifest.a: manifest.spec.name',
      'kubernetes_manifest.a: manifest.spec.audiences[0].key',
      'kubernetes_manifest.b: manifest',
      'kubectl_manifest.c: yaml_body.spec.table',
      'kubectl_manifest.d: yaml_body',
    ].map((place) => `cdk.tf.json: ${place}: is known only when Terraform runs: write the value itself in the stack`),
  )
})

test('Secrets are left out', () => {
  const yaml_body = 'apiVersion: v1\nkind: Secret\ndata:\n  password: ${jsonencode(base64encode(var.password))}\n'
  expect(read({ kubectl_manifest: { login: { yaml_body } } })).toEqual({
    manifests: [],
    notes: ['cdk.tf.json:1: kubectl_manifest.login: a Secret does not belong into files and is left out'],
    errors: [],
  })
})

test.each(['', '[]', '{', 'kind: EngageSpace'])('%j is no stack', (text) => {
  expect(manifestsOfStack({ file: 'x.json', text }).errors.map(formatError)).toEqual([
    'x.json: is no Terraform stack in JSON: name the cdk.tf.json that synthesis wrote',
  ])
})

test.each([{}, { resource: {} }, { resource: [] }, { provider: {} }])('%j is a stack without manifests', (stack) => {
  expect(manifestsOfStack({ file: 'x.json', text: JSON.stringify(stack) })).toEqual({
    manifests: [],
    notes: [],
    errors: [],
  })
})
