import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { LEASES } from '../../../src/kube/lease.ts'
import type { KubeObject, ResourceType } from '../../../src/kube/object.ts'
import { KINDS, type Kind } from '../../../src/model/resource.ts'
import { CONFIG_MAPS, CRON_JOBS, JOBS, SECRETS, type Secret } from '../../../src/operator/resource-types.ts'
import { eventually } from '../../kubernetes/eventually.ts'
import type { TestCluster } from '../../kubernetes/on-cluster.ts'
import { Fleet, type Found, readyOf } from '../fleet.ts'
import type { Manifest } from '../manifests.ts'
import { RecordingProxy } from '../recording-proxy.ts'
import { RunningOperator, sum } from '../running-operator.ts'
import { childComplaints } from './children.ts'
import {
  activationManifest,
  type Declared,
  isValid,
  START,
  spaceManifest,
  WAREHOUSES,
  type Warehouse,
} from './declared.ts'
import { type Belief, complaints, Expected, NOTHING, type Tables } from './expected.ts'
import { type Burst, type Edit, type Event, edited, pick } from './steps.ts'
import { WarehouseByHand } from './world.ts'

const EVENTS: ResourceType = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
}
const QUIET_SECONDS = 90

/** A namespace with its operator and its warehouses, and what is known of them. */
export class ModelRun implements AsyncDisposable {
  readonly #cluster: TestCluster
  readonly #fleet: Fleet
  readonly #proxy: RecordingProxy
  readonly #warehouses: Map<Warehouse, WarehouseByHand>
  #operator: RunningOperator
  /** What was done in the last burst, in words. */
  readonly story: string[] = []
  /** What is still to be done of changes of passwords: it comes last, so that the rest happens in between. */
  readonly #rotations = new Map<Warehouse, () => Promise<void>>()
  #declared = START
  #belief: Belief = NOTHING
  #looks = 0
  /** Of the last burst. */
  #expected: Expected | undefined
  #contentBefore = new Map<string, string>()

  private constructor(
    cluster: TestCluster,
    fleet: Fleet,
    proxy: RecordingProxy,
    warehouses: Map<Warehouse, WarehouseByHand>,
    operator: RunningOperator,
  ) {
    this.#cluster = cluster
    this.#fleet = fleet
    this.#proxy = proxy
    this.#warehouses = warehouses
    this.#operator = operator
  }

  static async start(cluster: TestCluster): Promise<ModelRun> {
    const fleet = new Fleet(cluster.kubeconfig, cluster.namespace)
    const proxy = await RecordingProxy.before(cluster.kubeconfig)
    const warehouses = new Map<Warehouse, WarehouseByHand>()
    for (const name of WAREHOUSES) warehouses.set(name, await WarehouseByHand.create(name))
    const run = new ModelRun(cluster, fleet, proxy, warehouses, await startOperator(cluster, proxy))
    for (const warehouse of warehouses.values()) {
      await run.#putSecret(warehouse.name, warehouse.password)
      await fleet.apply(warehouse.manifest(cluster.namespace))
    }
    const { spaces, activations } = START
    await fleet.apply(...[...spaces.values()].map((it) => spaceManifest(cluster.namespace, it)))
    await fleet.apply(...[...activations.values()].map((it) => activationManifest(cluster.namespace, it)))
    await run.#isQuiet(START)
    run.#expected = new Expected(NOTHING, [START])
    return run
  }

  /** Does all of a burst, and waits until all is quiet. */
  async work({ byHand, steps }: Burst): Promise<void> {
    this.story.length = 0
    for (const work of byHand) {
      const warehouse = this.#warehouse(pick(WAREHOUSES, work.column) ?? 'east')
      this.story.push(`by hand in ${warehouse.name}: ${await warehouse.work(work)}`)
    }
    this.#belief = { ...this.#belief, tables: await this.#tables() }
    this.#contentBefore = await this.#content()
    const history = [this.#declared]
    const taken = new Set(this.#belief.leaving.keys())
    for (const step of steps) {
      if ('event' in step) {
        await this.#happen(step)
        continue
      }
      await this.#edit(step, taken)
      if (history.at(-1) !== this.#declared) history.push(this.#declared)
    }
    for (const name of WAREHOUSES) await this.#finishRotation(name)
    await this.#isQuiet(this.#declared)
    if (byHand.length > 0) await this.#look()
    this.#expected = new Expected(this.#belief, history)
  }

  /** What is not as the model says, in words. */
  async complaints(): Promise<string[]> {
    const expected = this.#expected
    if (!expected) return []
    const tables = await this.#tables()
    const leaving = await this.#leaving()
    const content = await this.#content()
    const touched = [...this.#contentBefore].filter(
      ([id, hash]) => expected.tables.get(id)?.isSame && content.get(id) !== hash,
    )
    const found = [
      ...complaints(expected.tables, tables),
      ...touched.map(([id]) => `what people put into ${id} is not as it was`),
      ...[...expected.leaving].flatMap(([name, must]) =>
        must === 'Must' && !leaving.has(name) ? [`${name} is gone`] : [],
      ),
      ...[...leaving].filter((name) => !expected.leaving.has(name)).map((name) => `${name} should be gone`),
      ...(await childComplaints(this.#fleet, this.#declared)),
    ]
    this.#belief = expected.belief(tables, leaving)
    return found
  }

  /** Starts the operator anew and says what it changed, though there is nothing to change. */
  async secondLook(): Promise<string[]> {
    await this.#stop('SIGTERM')
    const before = await this.#everything()
    const requests = this.#proxy.requests.length
    this.#operator = await startOperator(this.#cluster, this.#proxy)
    await this.#operator.isIdle()
    const written = this.#proxy.writes.filter((request) => this.#proxy.requests.indexOf(request) >= requests)
    const after = await this.#everything()
    return [
      ...written.map(({ method, path }) => `${method} ${path}`),
      ...[...after]
        .filter(([key, value]) => !isDeepStrictEqual(before.get(key), value))
        .map(([key]) => `${key} has changed`),
    ]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#operator[Symbol.asyncDispose]()
    await this.#proxy[Symbol.asyncDispose]()
    await this.#fleet[Symbol.asyncDispose]()
    for (const warehouse of this.#warehouses.values()) await warehouse[Symbol.asyncDispose]()
  }

  async #edit(edit: Edit, taken: Set<string>): Promise<void> {
    const [before, after] = [this.#declared, edited(this.#declared, edit, taken)]
    this.#declared = after
    const { namespace } = this.#fleet
    const put = async <T>(
      kind: Kind,
      [was, is]: [ReadonlyMap<string, T>, ReadonlyMap<string, T>],
      manifest: (it: T) => Manifest,
    ) => {
      for (const [name, it] of is) {
        if (was.get(name) === it) continue
        this.story.push(`apply ${kind} ${JSON.stringify(it)}`)
        await this.#fleet.apply(manifest(it))
      }
      for (const name of was.keys()) {
        if (is.has(name)) continue
        this.story.push(`delete ${kind} ${name}`)
        await this.#fleet.delete(kind, name)
      }
    }
    const named = ({ warehouses }: Declared) => new Map([...warehouses].map((name) => [name, name]))
    await put('WarehouseDestination', [named(before), named(after)], (name) =>
      this.#warehouse(name).manifest(namespace),
    )
    await put('EngageSpace', [before.spaces, after.spaces], (it) => spaceManifest(namespace, it))
    await put('Activation', [before.activations, after.activations], (it) => activationManifest(namespace, it))
    for (const name of before.activations.keys()) if (!after.activations.has(name)) taken.add(name)
  }

  async #happen(event: Event): Promise<void> {
    this.story.push(JSON.stringify(event))
    if (event.event === 'Restart') {
      await this.#stop(event.signal)
      this.#operator = await startOperator(this.#cluster, this.#proxy)
      return
    }
    const warehouse = this.#warehouse(pick(WAREHOUSES, event.warehouse) ?? 'east')
    await this.#finishRotation(warehouse.name)
    const password = randomUUID()
    const inSecret = () => this.#putSecret(warehouse.name, password)
    const inPostgres = () => warehouse.setPassword(password)
    await (event.secretFirst ? inSecret() : inPostgres())
    this.#rotations.set(warehouse.name, event.secretFirst ? inPostgres : inSecret)
  }

  /** The other half of a change of password. */
  async #finishRotation(name: Warehouse): Promise<void> {
    const finish = this.#rotations.get(name)
    this.#rotations.delete(name)
    await finish?.()
  }

  async #stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#operator.send(signal)
    await this.#operator.ended
    // So that the next one need not wait until the Lease of a dead one expires.
    if (signal === 'SIGKILL' && (await this.#fleet.exists(LEASES, 'engageops-operator'))) {
      await this.#fleet.client.delete(LEASES, { namespace: this.#fleet.namespace, name: 'engageops-operator' })
    }
  }

  /** Waits until every resource says of its spec as it is now what the model says of it, and no work is left. */
  async #isQuiet(declared: Declared): Promise<void> {
    let last: string[] = []
    await eventually('quiet', QUIET_SECONDS, async () => {
      last = await this.#unready(declared)
      return last.length === 0
    }).catch((error: unknown) => {
      throw new Error(`${error}:\n${last.join('\n')}`)
    })
    await this.#isIdle()
  }

  async #unready(declared: Declared): Promise<string[]> {
    const isThere = (name: string) => [...declared.warehouses].some((warehouse) => warehouse === name)
    const wanted: Record<string, boolean> = {}
    for (const name of declared.warehouses) wanted[`WarehouseDestination ${name}`] = true
    for (const [name, { warehouses }] of declared.spaces) wanted[`EngageSpace ${name}`] = warehouses.every(isThere)
    for (const [name, it] of declared.activations) wanted[`Activation ${name}`] = isValid(declared, it) && !it.suspend
    const found = (await Promise.all(KINDS.map((kind) => this.#fleet.all(kind)))).flat()
    const isLeaving = ({ metadata }: Found) => metadata.deletionTimestamp !== undefined
    const names = new Set(found.filter((it) => !isLeaving(it)).map(nameOf))
    const missing = Object.keys(wanted).filter((name) => !names.has(name))
    return [
      ...missing.map((name) => `${name} is missing`),
      ...found.flatMap((it) => {
        const name = nameOf(it)
        // What waits for a warehouse that is not there stays.
        if (isLeaving(it)) return readyOf(it) === 'False DeletionBlocked' ? [] : [`${name} is leaving: ${readyOf(it)}`]
        const isObserved = it.status?.observedGeneration === it.metadata.generation
        const isReady = readyOf(it) === 'True Ready'
        return isObserved && isReady === wanted[name]
          ? []
          : [`${name}: ${readyOf(it)}${isObserved ? '' : ', not observed'}`]
      }),
    ]
  }

  /** Waits until the queue has been empty for half a second: as long as news may be under way. */
  async #isIdle(): Promise<void> {
    let [added, since] = [-1, 0]
    await eventually('an idle operator', QUIET_SECONDS, async () => {
      await this.#operator.isIdle()
      const now = sum(await this.#operator.metrics(), 'workqueue_adds_total')
      if (now !== added) [added, since] = [now, Date.now()]
      return Date.now() - since > 500
    })
  }

  /** Has the operator look at all spaces. */
  async #look(): Promise<void> {
    this.#looks += 1
    const done = async () => sum(await this.#operator.metrics(), 'workqueue_work_duration_seconds_count')
    const before = await done()
    const spaces = [...this.#declared.spaces.keys()]
    for (const name of spaces) await this.#fleet.annotate('EngageSpace', name, { 'test/look': String(this.#looks) })
    await eventually('a look at all spaces', 30, async () => (await done()) >= before + spaces.length)
    await this.#isIdle()
  }

  async #tables(): Promise<Tables> {
    const all = await Promise.all([...this.#warehouses.values()].map((warehouse) => warehouse.tables()))
    return new Map(all.flatMap((tables) => [...tables]))
  }

  async #content(): Promise<Map<string, string>> {
    const all = await Promise.all([...this.#warehouses.values()].map((warehouse) => warehouse.content()))
    return new Map(all.flatMap((content) => [...content]))
  }

  /** Deleted activations that are still there. */
  async #leaving(): Promise<Set<string>> {
    const all = await this.#fleet.all('Activation')
    return new Set(all.filter(({ metadata }) => metadata.deletionTimestamp).map(({ metadata }) => metadata.name))
  }

  /** The versions of all objects, and what was ever done to the warehouses. */
  async #everything(): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>()
    for (const version of await this.#fleet.versions()) found.set(version, true)
    for (const type of [CONFIG_MAPS, CRON_JOBS, JOBS, SECRETS, EVENTS]) {
      const { items } = await this.#fleet.client.list<KubeObject>(type, { namespace: this.#fleet.namespace })
      for (const { metadata } of items) found.set(`${type.kind} ${metadata.name}`, metadata.resourceVersion)
    }
    for (const { name, database } of this.#warehouses.values()) {
      found.set(`DDL of ${name}`, await database.ddl())
      found.set(`rows of ${name}`, await database.rowsWritten())
    }
    return found
  }

  async #putSecret(name: string, password: string): Promise<void> {
    const metadata = { namespace: this.#fleet.namespace, name }
    const data = { password: Buffer.from(password).toString('base64') }
    const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata, data }
    await this.#fleet.client.apply(SECRETS, secret, { fieldManager: 'test', force: true })
  }

  #warehouse(name: Warehouse): WarehouseByHand {
    const warehouse = this.#warehouses.get(name)
    if (!warehouse) throw new RangeError(`there is no warehouse ${name}`)
    return warehouse
  }
}

const nameOf = ({ kind, metadata }: Found): string => `${kind} ${metadata.name}`

const startOperator = ({ namespace }: TestCluster, { kubeconfig }: RecordingProxy): Promise<RunningOperator> =>
  RunningOperator.start({ kubeconfig, namespace, flags: ['--watch-secrets'] })
