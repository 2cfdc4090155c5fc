import { expect, test } from 'vitest'
import type { Installed } from '../installed.ts'
import { stackOf, synth } from '../stacks.ts'

export function defaults(installed: Installed): void {
  const { engage, Group } = installed
  const { Backend, EngageDefaults } = engage

  test('defaults hold below a construct, and those nearer to a resource win', () => {
    const stack = stackOf(installed)
    const team = new Group(stack, 'team')
    EngageDefaults.set(stack, { namespace: 'all', labels: { a: '1', b: '1' }, backend: Backend.KUBECTL_MANIFEST })
    EngageDefaults.set(team, { namespace: 'team', labels: { b: '2' } })
    EngageDefaults.set(team, { backend: Backend.KUBERNETES_MANIFEST })
    const spec = { name: 'default' }
    const manifest = new engage.EngageSpaceManifest(team, 'space', { labels: { c: '3' }, spec })
    const other = new engage.EngageSpaceManifest(stack, 'space', { namespace: 'own', spec })
    expect(manifest.toManifest().metadata).toMatchObject({ namespace: 'team', labels: { a: '1', b: '2', c: '3' } })
    expect(other.toManifest().metadata).toEqual({ name: 'space', namespace: 'own', labels: { a: '1', b: '1' } })
    expect(Object.keys(synth(installed, stack).resource)).toEqual(['kubectl_manifest', 'kubernetes_manifest'])
  })

  test('a tree without a stack can be written as YAML', () => {
    const root = new Group(new installed.tf.App(), 'root')
    EngageDefaults.set(root, { backend: Backend.YAML })
    new engage.EngageSpace(root, 'space', { name: 'space', spaceName: 'default' })
    expect(engage.EngageManifests.toYaml(root)).toBe(`apiVersion: engageops.dev/v1alpha1
kind: EngageSpace
metadata:
  name: space
spec:
  name: default
`)
  })
}
