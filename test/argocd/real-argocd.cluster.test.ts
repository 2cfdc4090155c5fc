import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import type { Kind } from '../../src/model/resource.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { describeOnControlPlane } from '../kubernetes/on-cluster.ts'
import { RunningOperator, sum } from '../operator/running-operator.ts'
import { WatchedDatabase } from '../operator/watched-database.ts'
import { ARGOCD, startArgocd } from './argocd-processes.ts'
import { runLua } from './lua.ts'
import { Repository } from './repository.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const EXAMPLE = 'examples/argocd'
const ACTIVATIONS = `${EXAMPLE}/engage/activations.yaml`

/**
 * Argo CD's own diff, and the API server's. That one takes a field that git does not have any more for the work of a
 * webhook where the definition has a default for it, unless it includes such work.
 */
const DIFFS = ['ServerSideDiff=false', 'ServerSideDiff=true,IncludeMutationWebhook=true']

interface Application {
  status?: {
    sync: { status: string; revision: string }
    health: { status: string }
    history?: unknown[]
    resources?: { kind: string; name: string; status: string; health?: { status: string; message?: string } }[]
  }
}

/** An activation as somebody adds it to the example: with a table of its name. */
const added = (table: string, audience: string, spec: object = {}) => ({
  apiVersion: 'engageops.dev/v1alpha1',
  kind: 'Activation',
  metadata: { name: table.replaceAll('_', '-'), annotations: { 'argocd.argoproj.io/sync-wave': '2' } },
  spec: {
    spaceRef: { name: 'default' },
    destinationRef: { name: 'warehouse' },
    computation: { audience },
    storageActions: { table, triggers: ['EntityAdded'] },
    ...spec,
  },
})
const carts = added('abandoned_carts', 'abandoned_carts')

/** Argo CD with our customizations syncs examples/argocd from a repository; the operator makes the tables. */
describeOnControlPlane('Argo CD', (controlPlane) => {
  let database: WatchedDatabase
  let repository: Repository
  let operator: RunningOperator | undefined

  beforeAll(async () => {
    const { run } = controlPlane()
    database = await WatchedDatabase.create()
    repository = await Repository.create(path.join(run, 'repository'))
    await repository.commit(exampleFiles(database))
    await startArgocd(controlPlane())
    const patch = path.join(ROOT, 'argocd/argocd-cm.yaml')
    await inArgocd(['patch', 'configmap', 'argocd-cm', `--patch-file=${patch}`])
    const application = parse(readFileSync(path.join(ROOT, EXAMPLE, 'application.yaml'), 'utf8'))
    application.spec.source.repoURL = repository.url
    await inArgocd(['apply', '--validate=strict', '--filename=-'], JSON.stringify(application))
  }, 30 * 60_000)

  afterAll(async () => {
    await operator?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  const inEngage = (args: readonly string[], input?: string) =>
    controlPlane().kubectl(['--namespace=engage', ...args], input)
  const inArgocd = (args: readonly string[], input?: string) =>
    controlPlane().kubectl([`--namespace=${ARGOCD}`, ...args], input)

  const application = async (): Promise<NonNullable<Application['status']>> => {
    const { status }: Application = JSON.parse(await inArgocd(['get', 'application', 'engage', '--output=json']))
    if (status === undefined) throw new Error('the Application has no status yet')
    return status
  }

  /** Waits until the Application is so; the error says how it is. Argo CD does not note every message unless asked to look. */
  const until = async (what: string, isSo: (status: NonNullable<Application['status']>) => boolean) => {
    let last: unknown
    await eventually(what, 60, async () => {
      await refresh()
      const status = await application()
      last = status
      return isSo(status)
    }).catch((error: unknown) => {
      throw new Error(`${error}: it is ${JSON.stringify(last)}`)
    })
  }

  const becomes = (sync: string, health: string) =>
    until(`${sync} and ${health}`, (status) => status.sync.status === sync && status.health.status === health)

  const healthOf = (kind: Kind, name: string, health: string, message: string) =>
    until(`${kind} ${name} ${health}: ${message}`, ({ resources = [] }) => {
      const found = resources.find((resource) => resource.kind === kind && resource.name === name)?.health
      return found?.status === health && (found.message ?? '').includes(message)
    })

  /** Has Argo CD look at the repository and at the cluster, and waits until it has. */
  const refresh = async () => {
    await inArgocd(['annotate', 'application', 'engage', 'argocd.argoproj.io/refresh=hard', '--overwrite'])
    const annotations = ['get', 'application', 'engage', '--output=jsonpath={.metadata.annotations}']
    await eventually('a refresh', 30, async () => !(await inArgocd(annotations)).includes('argocd.argoproj.io/refresh'))
  }

  const compareWith = (options: string) =>
    inArgocd(['annotate', 'application', 'engage', `argocd.argoproj.io/compare-options=${options}`, '--overwrite'])

  /** Commits the activations of the example, and these. */
  const commit = async (...more: object[]) => {
    const text = [exampleFiles(database).get(ACTIVATIONS), ...more.map((resource) => stringify(resource))].join('---\n')
    const revision = await repository.commit(new Map([[ACTIVATIONS, text]]))
    await until('a sync of the commit', ({ sync }) => sync.status === 'Synced' && sync.revision === revision)
  }

  /** Runs an action as Argo CD does: the script of its ConfigMap changes the live resource. */
  const runAction = async (kind: Kind, name: string, action: string) => {
    const { data } = JSON.parse(await inArgocd(['get', 'configmap', 'argocd-cm', '--output=json']))
    const { definitions } = parse(data[`resource.customizations.actions.engageops.dev_${kind}`])
    const found = definitions.find((definition: { name: string }) => definition.name === action)
    const obj = JSON.parse(await inEngage(['get', kind, name, '--output=json']))
    const [outcome] = await runLua([{ script: found['action.lua'], obj }])
    if (!outcome || !('result' in outcome)) throw new Error(JSON.stringify(outcome))
    await inEngage(['replace', '--filename=-'], JSON.stringify(outcome.result))
  }

  test('finds resources Progressing until the operator has seen them, and while a Secret is missing', async () => {
    const { kubeconfig } = controlPlane()
    await healthOf('WarehouseDestination', 'warehouse', 'Progressing', 'has not seen this generation yet')
    operator = await RunningOperator.start({ kubeconfig, namespace: 'engage' })
    await healthOf('WarehouseDestination', 'warehouse', 'Progressing', 'there is no Secret warehouse')
  })

  test('is Synced and Healthy when everything is Ready, wave after wave', async () => {
    await inEngage(['create', 'secret', 'generic', 'warehouse', `--from-literal=password=${database.password}`])
    await becomes('Synced', 'Healthy')
    const { resources } = await application()
    expect(
      resources?.map(({ kind, name, status, health }) => `${kind}/${name} ${status} ${health?.status}`).sort(),
    ).toEqual([
      'Activation/first-time-shopper Synced Healthy',
      'Activation/total-revenue Synced Healthy',
      'EngageSpace/default Synced Healthy',
      'WarehouseDestination/warehouse Synced Healthy',
    ])
    expect(await database.tables()).toEqual(
      expect.arrayContaining(['engage_default.identifies', 'engage_default.users', 'engage_default.audience_entered']),
    )
  })

  test.each(DIFFS)('is still Synced after ten reconciles, with the diff of %s', async (options) => {
    await compareWith(options)
    const before = await application()
    const reconciles = async () =>
      sum((await operator?.metrics()) ?? new Map(), 'workqueue_work_duration_seconds_count')
    const reconciled = await reconciles()
    for (let round = 0; round < 10; round++) {
      const request = `engageops.dev/reconcile-requested-at=${options}-${round}`
      await inEngage(['annotate', 'engage', '--all', request, '--overwrite'])
      // Of the destination, and of the space with its activations.
      await eventually('two reconciles', 30, async () => (await reconciles()) >= reconciled + 2 * (round + 1))
      await refresh()
      expect((await application()).sync.status).toBe('Synced')
    }
    await becomes('Synced', 'Healthy')
    expect((await application()).history).toEqual(before.history)
  })

  test('starts one sync for the action sync-now', async () => {
    await runAction('Activation', 'first-time-shopper', 'sync-now')
    const jobs = await eventually('a Job', 30, async () => {
      const found = (await inEngage(['get', 'jobs', '--output=name'])).trim()
      return found !== '' && found.split('\n')
    })
    expect(jobs).toHaveLength(1)
    await eventually('the request in the status', 30, async () => {
      const { metadata, status } = JSON.parse(
        await inEngage(['get', 'activation', 'first-time-shopper', '--output=json']),
      )
      return status.lastHandledSyncRequest === metadata.annotations['engageops.dev/sync-requested-at']
    })
    await becomes('Synced', 'Healthy')
  })

  test('makes a new table of a commit that adds an activation', async () => {
    await commit(carts)
    await becomes('Synced', 'Healthy')
    expect(await database.tables()).toContain('default.abandoned_carts')
  })

  test('is Progressing while a reference leads nowhere', async () => {
    await commit(carts, added('later', 'not_declared_yet'))
    await becomes('Synced', 'Progressing')
    await healthOf('Activation', 'later', 'Progressing', 'has no audience "not_declared_yet"')
    await commit(carts)
    await becomes('Synced', 'Healthy')
  })

  test.each(DIFFS)('is Suspended until git does not suspend any more, with the diff of %s', async (options) => {
    await compareWith(options)
    await commit(added('abandoned_carts', 'abandoned_carts', { suspend: true }))
    await becomes('Synced', 'Suspended')
    await healthOf('Activation', 'abandoned-carts', 'Suspended', 'spec.suspend is set')
    await commit(carts)
    await becomes('Synced', 'Healthy')
  })

  test('is Degraded while a person must act', async () => {
    await commit(carts, added('entities', 'first_time_shopper'))
    await becomes('Synced', 'Degraded')
    await healthOf('Activation', 'entities', 'Degraded', 'is a Profile audience')
    await commit(carts)
    await becomes('Synced', 'Healthy')
  })

  test('keeps the data of what it prunes, for when it comes back', async () => {
    await database.query(`INSERT INTO "default".abandoned_carts (id) VALUES ('kept')`)
    await commit()
    expect(await inEngage(['get', 'activation', 'abandoned-carts', '--ignore-not-found'])).toBe('')
    await becomes('Synced', 'Healthy')
    await commit(carts)
    await becomes('Synced', 'Healthy')
    expect(await database.query('SELECT id FROM "default".abandoned_carts')).toEqual([{ id: 'kept' }])
  })
})

/** The manifests of the example by their paths, its warehouse being the Postgres of the tests. */
function exampleFiles({ address }: WatchedDatabase): Map<string, string> {
  const files = globSync(`${EXAMPLE}/engage/*.yaml`, { cwd: ROOT }).map((file): [string, string] => {
    const documents = parseAllDocuments(readFileSync(path.join(ROOT, file), 'utf8'))
    for (const document of documents.filter((it) => it.hasIn(['spec', 'postgres']))) {
      for (const [field, value] of Object.entries({ ...address, username: 'postgres', sslMode: 'Disable' })) {
        document.setIn(['spec', 'postgres', field], value)
      }
      // No node runs the pod of a sync here: one that begins on the hour would never end, and keep others waiting.
      document.setIn(['spec', 'sync', 'schedule'], '0 0 29 2 *')
    }
    return [file, documents.map(String).join('---\n')]
  })
  return new Map(files)
}
