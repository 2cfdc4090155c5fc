import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { KINDS } from '../../src/model/resource.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { describeOnCluster } from '../kubernetes/on-cluster.ts'
import { Fleet } from './fleet.ts'
import type { Manifest } from './manifests.ts'
import { RecordingProxy } from './recording-proxy.ts'
import { RunningOperator } from './running-operator.ts'
import { WatchedDatabase } from './watched-database.ts'

const EXAMPLE = path.join(import.meta.dirname, '../../examples/kubernetes')
const METADATA_ONLY = /^application\/json;as=PartialObjectMetadata(List)?;[^,]*$/

/** What the API server is asked of Secrets while the example runs, and what it answers. */
describe.each([
  { title: 'by default', flags: [] },
  { title: 'where Secrets are watched', flags: ['--watch-secrets'] },
])('$title', ({ flags }) => {
  describeOnCluster('the operator', (cluster) => {
    let database: WatchedDatabase
    let fleet: Fleet
    let proxy: RecordingProxy

    beforeAll(async () => {
      const { kubeconfig, namespace } = cluster()
      database = await WatchedDatabase.create()
      fleet = new Fleet(kubeconfig, namespace)
      proxy = await RecordingProxy.before(kubeconfig)
      await runExample()
    }, 120_000)
    afterAll(async () => {
      await proxy?.[Symbol.asyncDispose]()
      await fleet?.[Symbol.asyncDispose]()
      await database?.[Symbol.asyncDispose]()
    })

    const ofSecrets = () => proxy.requests.filter(({ path: of }) => /\/secrets(\/|$)/.test(of))
    const readsOne = (of: string) => of === `/api/v1/namespaces/${cluster().namespace}/secrets/warehouse`
    const lists = () => ofSecrets().filter(({ path: of }) => !readsOne(of))

    test('reads the Secret that the destination names', () => {
      expect(ofSecrets().some(({ method, path: of, heldText }) => method === 'GET' && readsOne(of) && heldText)).toBe(
        true,
      )
    })

    test('asks for no other, and lists or watches them without values or not at all', () => {
      expect(lists().length > 0).toBe(flags.length > 0)
      for (const { method, path: of, accept } of lists()) {
        expect(method).toBe('GET')
        expect(of).toBe(`/api/v1/namespaces/${cluster().namespace}/secrets`)
        expect(accept).toMatch(METADATA_ONLY)
      }
    })

    test('is given the value by nothing else', () => {
      expect(proxy.requests.filter(({ path: of, heldText }) => heldText && !readsOne(of))).toEqual([])
    })

    /** The example with a warehouse that is there, until all is Ready; then the Secret changes and is used again. */
    async function runExample(): Promise<void> {
      const { namespace } = cluster()
      proxy.lookFor(Buffer.from(database.password).toString('base64'))
      const manifests = (await Promise.all(['warehouse', 'space', 'activations'].map(readManifests))).flat()
      await putSecret()
      for (const { metadata, ...manifest } of manifests) {
        if (!KINDS.includes(manifest.kind)) continue
        await fleet.apply(withWarehouse({ ...manifest, metadata: { ...metadata, namespace } }))
      }
      await using operator = await RunningOperator.start({ kubeconfig: proxy.kubeconfig, namespace, flags })
      for (const kind of KINDS) await fleet.allReady(kind)
      await operator.isIdle()
      const before = ofSecrets().length
      await putSecret({ changed: 'yes' })
      await fleet.annotate('WarehouseDestination', 'warehouse', { 'test/look': 'again' })
      await eventually('a probe with the Secret as it is now', 30, async () => ofSecrets().length > before)
      await operator.isIdle()
    }

    async function putSecret(labels = {}): Promise<void> {
      const { namespace, apply } = cluster()
      const metadata = { name: 'warehouse', namespace, labels }
      await apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password: database.password } })
    }

    function withWarehouse(manifest: Manifest): Manifest {
      const { spec } = manifest
      if (!('postgres' in spec) || typeof spec.postgres !== 'object') return manifest
      const postgres = { ...spec.postgres, ...database.address, username: 'postgres', sslMode: 'Disable' }
      return { ...manifest, spec: { ...spec, postgres } }
    }
  })
})

async function readManifests(name: string): Promise<Manifest[]> {
  const text = await readFile(path.join(EXAMPLE, `${name}.yaml`), 'utf8')
  return parseAllDocuments(text).map((document): Manifest => document.toJS())
}
