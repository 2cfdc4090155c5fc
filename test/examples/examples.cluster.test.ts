import path from 'node:path'
import { expect, test } from 'vitest'
import { describeOnCluster } from '../kubernetes/on-cluster.ts'

const EXAMPLES = path.join(import.meta.dirname, '../../examples')

/** The Application is asked for in test/argocd, where its definition is. */
describeOnCluster('the examples', (cluster) => {
  test.each(['kubernetes', 'kubernetes-s3', 'argocd/engage'])(
    'examples/%s is taken by the API server',
    async (folder) => {
      const apply = ['apply', '--dry-run=server', '--validate=strict', '--output=name']
      const taken = await cluster().kubectl([...apply, `--filename=${path.join(EXAMPLES, folder)}`])
      expect(taken).toContain('engagespace.engageops.dev/default')
    },
  )
})
