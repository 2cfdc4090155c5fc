import type { KubeObject } from '../../../src/kube/object.ts'
import { CONFIG_MAPS, type ConfigMap, CRON_JOBS, type CronJob } from '../../../src/operator/resource-types.ts'
import { eventually } from '../../kubernetes/eventually.ts'
import type { Fleet } from '../fleet.ts'
import { type Activation, type Declared, declares, type Space, type Warehouse } from './declared.ts'

const MANAGED = 'app.kubernetes.io/managed-by=engageops-operator'
/** How long the operator keeps a ConfigMap that nothing mounts any more, or not yet. */
const KEPT_MS = 10 * 60_000

/** What is wrong with CronJobs and their ConfigMaps, in words. */
export async function childComplaints(fleet: Fleet, declared: Declared): Promise<string[]> {
  const { client, namespace } = fleet
  const list = async <T extends KubeObject>(type: Parameters<typeof client.list>[0]) =>
    (await client.list<T>(type, { namespace, labelSelector: MANAGED })).items
  const wanted = wantedCronJobs(declared)
  const owners = new Map((await fleet.all('EngageSpace')).map(({ metadata }) => [metadata.uid, metadata.name]))
  const isOwned = ({ metadata }: KubeObject) => owners.has(metadata.ownerReferences?.[0]?.uid)
  // What belonged to a space that is gone goes too, though not at once.
  await eventually('the end of what belonged to spaces that are gone', 60, async () =>
    [...(await list<CronJob>(CRON_JOBS)), ...(await list<ConfigMap>(CONFIG_MAPS))].every(isOwned),
  )
  const cronJobs = await list<CronJob>(CRON_JOBS)
  const maps = new Map((await list<ConfigMap>(CONFIG_MAPS)).map((map) => [map.metadata.name, map]))
  const names = new Set(cronJobs.map(({ metadata }) => metadata.name))
  const mounted = new Set(cronJobs.map(mountedMap))
  const isOld = ({ metadata }: KubeObject) =>
    Date.now() - Date.parse(metadata.creationTimestamp ?? '') > KEPT_MS + 60_000
  return [
    ...[...wanted.keys()].filter((name) => !names.has(name)).map((name) => `CronJob ${name} is missing`),
    ...cronJobs.flatMap((cronJob) => {
      const { name } = cronJob.metadata
      const expected = wanted.get(name)
      if (!expected) return [`CronJob ${name} should not be there`]
      const order = maps.get(mountedMap(cronJob))?.data?.['order.json']
      if (order === undefined) return [`CronJob ${name} mounts ${mountedMap(cronJob)}, which is not there`]
      const found = JSON.stringify(contentOf(JSON.parse(order)))
      return found === JSON.stringify(expected)
        ? []
        : [`CronJob ${name} syncs ${found}, not ${JSON.stringify(expected)}`]
    }),
    ...[...maps.values()]
      .filter((map) => !mounted.has(map.metadata.name) && isOld(map))
      .map(({ metadata }) => `ConfigMap ${metadata.name} should not be there`),
  ]
}

/** What a CronJob loads: computations, and the names of activations by storage. */
interface Content {
  computations: string[]
  classic: string[]
  actions: string[]
}

function wantedCronJobs({ spaces, warehouses, activations }: Declared): Map<string, Content> {
  const found = new Map<string, Content>()
  for (const space of spaces.values()) {
    for (const warehouse of space.warehouses.filter((name) => warehouses.has(name))) {
      const content = wantedContent(space, warehouse, [...activations.values()])
      const isEmpty = content.computations.length === 0 && content.actions.length === 0
      if (!isEmpty) found.set(`${space.name}-${warehouse}-sync`, content)
    }
  }
  return found
}

function wantedContent(space: Space, warehouse: Warehouse, activations: readonly Activation[]): Content {
  const mine = activations.filter(
    (it) => it.space === space.name && it.warehouse === warehouse && !it.suspend && declares(space, it.computation),
  )
  const names = (kind: string) =>
    mine
      .filter(({ storage }) => storage.kind === kind)
      .map(({ name }) => name)
      .sort()
  const computations = [...space.audiences, ...Object.keys(space.traits)].sort()
  return { computations, classic: names('Classic'), actions: names('Actions') }
}

interface Order {
  order: {
    computations: { key: string }[]
    classic?: { activations: { name: string }[] }
    storageActions: { name: string }[]
  }
}

function contentOf({ order }: Order): Content {
  const names = (list: readonly { name: string }[] = []) => list.map(({ name }) => name).sort()
  const { computations, classic, storageActions } = order
  return {
    computations: computations.map(({ key }) => key).sort(),
    classic: names(classic?.activations),
    actions: names(storageActions),
  }
}

interface Volumes {
  template?: { spec: { volumes: { projected?: { sources: { configMap: { name: string } }[] } }[] } }
}

function mountedMap({ spec }: CronJob): string {
  const { template }: Volumes = spec.jobTemplate.spec
  const sources = template?.spec.volumes.flatMap(({ projected }) => projected?.sources ?? []) ?? []
  return sources[0]?.configMap.name ?? 'nothing'
}
