import { describe, expect, test } from 'vitest'
import type { Installed } from '../installed.ts'
import { connected, stackOf, synth } from '../stacks.ts'

export function clusters(installed: Installed): void {
  const { engage, tf } = installed

  describe('resources are checked with those of the same cluster', () => {
    test('stacks that do not refer to each other may have the same names', () => {
      const app = tf.Testing.app()
      for (const id of ['dev', 'prod']) {
        const { stack } = connected(installed, stackOf(installed, id, app))
        expect(() => synth(installed, stack)).not.toThrow()
      }
    })

    test('stacks that do are one cluster, and each says what is wrong in it', () => {
      const app = tf.Testing.app()
      const { stack: base, space, warehouse: destination } = connected(installed, stackOf(installed, 'base', app))
      const computation = space.addAudience('vip')
      const teams = ['one', 'two'].map((id) => {
        const stack = stackOf(installed, id, app)
        new engage.Activation(stack, 'vip', { name: id, computation, destination, classic: {} })
        return stack
      })
      const [one, two] = teams
      if (!one || !two) throw new Error('there are two')
      expect(() => synth(installed, base)).not.toThrow()
      expect(() => synth(installed, one)).not.toThrow()
      expect(() => synth(installed, two)).toThrow(
        'two/vip/Resource: Activation/two: "vip" through identify calls is already activated by the older Activation "one"',
      )
    })

    test('a stack with two providers may have the same names in both', () => {
      const stack = stackOf(installed)
      const provider = new engage.kubernetes.provider.KubernetesProvider(stack, 'other', { alias: 'other' })
      const props = { name: 'same', spec: { name: 'default' } }
      new engage.EngageSpaceManifest(stack, 'a', props)
      new engage.EngageSpaceManifest(stack, 'b', { ...props, provider })
      const { resource } = synth(installed, stack)
      expect(Object.entries(resource.kubernetes_manifest ?? {}).map(([id, one]) => [id, one.provider])).toEqual([
        ['engagespace_default_same', undefined],
        ['engagespace_default_same_other', 'kubernetes.other'],
      ])
    })

    test('a resource that is only named may be in the cluster already', () => {
      const stack = stackOf(installed)
      const refs = { spaceRef: { name: 'elsewhere' }, destinationRef: { name: 'elsewhere' } }
      const spec = { ...refs, computation: { audience: 'vip' }, classic: {} }
      new engage.ActivationManifest(stack, 'a', { spec })
      expect(() => synth(installed, stack)).not.toThrow()
    })
  })

  test('the whole app is validated when it is synthesized', () => {
    const app = tf.Testing.app()
    const { space, warehouse } = connected(installed, stackOf(installed, 'main', app))
    warehouse.activate('a', { computation: space.audience('none'), classic: {} })
    expect(() => app.synth()).toThrow('EngageSpace space has no audience "none"')
  })
}
