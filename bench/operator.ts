import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { renderTable } from '../src/cli/table.ts'
import { CRON_JOBS, ENGAGE, MANAGED_SELECTOR } from '../src/operator/resource-types.ts'
import { startControlPlane } from '../test/kubernetes/control-plane.ts'
import { eventually } from '../test/kubernetes/eventually.ts'
import { type Found, readyOf } from '../test/operator/fleet.ts'
import { activation } from '../test/operator/manifests.ts'
import { RunningOperator, sum } from '../test/operator/running-operator.ts'
import { buildOperator } from './build-operator.ts'
import { memoryOf } from './memory.ts'
import { OperatorWorld } from './operator-world.ts'
import { withPostgres } from './postgres-server.ts'

/**
 * The operator, as a process of its own, against a real API server and a real Postgres on the same machine:
 * `npm run bench:operator -- --activations 1000 --spaces 10`.
 */
const { values } = parseArgs({
  options: {
    activations: { type: 'string', default: '10000' },
    spaces: { type: 'string', default: '100' },
    namespaces: { type: 'string', default: '10' },
    /** Activations that are made while the operator runs. */
    new: { type: 'string', default: '1000' },
    edits: { type: 'string', default: '100' },
    /** Folder for CPU profiles of the operator. */
    profile: { type: 'string' },
  },
})
const size = {
  activations: Number(values.activations),
  spaces: Number(values.spaces),
  namespaces: Number(values.namespaces),
}
const NEW = Number(values.new)
const EDITS = Number(values.edits)
/** A pod of 512 MiB, the chart's limit: Node takes half of it as heap. */
const NODE_FLAGS = ['--max-semi-space-size=16', '--max-old-space-size=256']
const STEADY_MS = 30_000
const rows: string[][] = []

/** Statements of DDL and DML that Postgres wrote into its log. */
let statements: string[] = []
const onLog = (message: string) => {
  for (const line of message.split('\n')) if (/LOG: +(statement|execute)/.test(line)) statements.push(line)
}

await withPostgres(
  async (server) => {
    const controlPlane = await startControlPlane({ crds: join(import.meta.dirname, '../crds') })
    try {
      await using world = new OperatorWorld(controlPlane.kubeconfig, size, server)
      await bench(controlPlane.kubeconfig, world)
    } finally {
      await controlPlane.stop()
    }
  },
  { settings: ['log_statement=mod', 'fsync=off'], onLog },
)
const [cpu] = cpus()
process.stdout.write(
  `${size.activations} activations in ${size.spaces} spaces and ${size.namespaces} databases; ` +
    `${cpus().length} x ${cpu?.model}, shared with API server, etcd and Postgres\n`,
)
process.stdout.write(renderTable(['what', 'measured', 'goal', ''], rows))

async function bench(kubeconfig: string, world: OperatorWorld): Promise<void> {
  const main = await buildOperator()
  const profiling = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]
  const nodeFlags = [...NODE_FLAGS, ...profiling]
  const start = () => RunningOperator.start({ kubeconfig, namespace: world.namespace, watch: 'all', main, nodeFlags })
  await world.prepare()
  progress('resources are there')
  {
    await using operator = await start()
    const begin = performance.now()
    await operator.isIdle(1_800)
    show('first start: all tables, CronJobs, statuses', seconds(performance.now() - begin))
  }
  {
    await using operator = await start()
    await restart(operator)
  }
  {
    await using operator = await start()
    await editsOneByOne(world, 'edit to observedGeneration, while all resyncs wait', 2_000, () =>
      operator.says('leading'),
    )
    await operator.isIdle(600)
    await newOnes(world)
    await operator.isIdle(600)
    await editsOneByOne(world, 'edit to observedGeneration, idle', 500, async () => undefined)
  }
}

/** A process that finds everything as it should be. */
async function restart(operator: RunningOperator): Promise<void> {
  statements = []
  const begin = Date.now()
  const filled = await operator.says('caches are filled')
  const leading = await operator.says('leading')
  const writesBefore = await operator.writes()
  await operator.isIdle(600)
  const verified = Date.now() - Date.parse(leading.time)
  const reconciles = sum(await operator.metrics(), 'workqueue_work_duration_seconds_count')
  await sleep(STEADY_MS)
  const writes = (await operator.writes()) - writesBefore
  const renewals = Math.ceil((Date.now() - Date.parse(leading.time)) / 2_000) + 1
  const [peak = 0, now = 0] = [memoryOf(operator.pid, 'VmHWM'), memoryOf(operator.pid, 'VmRSS')].map(Math.round)
  show(
    'restart: start of the process to full caches',
    seconds(Date.parse(filled.time) - begin),
    '3 s',
    Date.parse(filled.time) - begin <= 3_000,
  )
  const cpu = sum(await operator.metrics(), 'process_cpu_seconds_total')
  show('restart: all looked at', seconds(verified), '60 s', verified <= 60_000)
  show('restart: reconciles without change', `${Math.round(reconciles / (verified / 1000))}/s`)
  show('restart: activations looked at', `${Math.round(size.activations / (verified / 1000))}/s`)
  show('restart: CPU of the process', `${cpu.toFixed(1)} s`)
  show('restart: API writes beside renewals of the Lease', `${Math.max(0, writes - renewals)}`, '0', writes <= renewals)
  show('restart: statements of DDL and DML', `${statements.length}`, '0', statements.length === 0)
  show('restart: peak memory (RSS)', `${peak} MiB`, '400 MiB', peak <= 400)
  show(`restart: memory ${STEADY_MS / 1000} s later`, `${now} MiB`, '300 MiB', now <= 300)
  if (statements.length > 0) progress(statements.slice(0, 5).join('\n'))
}

/** Activations in new spaces, until all are ready and have their CronJob. */
async function newOnes(world: OperatorWorld): Promise<void> {
  const spaces = Math.max(1, Math.round(NEW / 100))
  const begin = performance.now()
  await world.addSpaces('n', spaces, NEW)
  await eventually('all new ones ready', 600, async () => {
    const all = (await world.everywhere('Activation')).filter(({ metadata }) => metadata.name.startsWith('n'))
    return all.length === NEW && all.every((it) => readyOf(it) === 'True Ready' && it.status?.cronJob !== undefined)
  })
  const took = performance.now() - begin
  const { items } = await world.client.list(CRON_JOBS, { labelSelector: MANAGED_SELECTOR })
  show(`${NEW} new activations until ready, from the first kubectl apply`, seconds(took), '60 s', took <= 60_000)
  show('CronJobs', `${items.length}`)
}

/** Edits of one activation after the other, each until its status is of the new spec. */
async function editsOneByOne(world: OperatorWorld, what: string, goalMs: number, ready: () => Promise<unknown>) {
  const stop = new AbortController()
  const namespace = world.namespaceOf(0)
  const seen = new Map<string, Found>()
  const { resourceVersion } = await world.client.list(ENGAGE.Activation, { namespace, limit: 1 })
  const watching = (async () => {
    const events = world.client.watch<Found>(ENGAGE.Activation, { namespace, resourceVersion, signal: stop.signal })
    for await (const { type, object } of events) if (type === 'MODIFIED') seen.set(object.metadata.name, object)
  })().catch(() => undefined)
  await ready()
  const times: number[] = []
  for (let index = 0; index < EDITS; index += 1) {
    const of = (index % Math.ceil(size.spaces / size.namespaces)) * size.namespaces
    const name = `s${of}-a${of}`
    const columns = [{ name: `c${index}`, type: 'String', path: '$.properties.c' }]
    const storageActions = { table: name.replaceAll('-', '_'), triggers: ['EntityAdded'], columns }
    const begin = performance.now()
    await world.apply(activation(namespace, name, { spaceRef: { name: `s${of}` }, storageActions }))
    const { metadata } = await world.client.get(ENGAGE.Activation, { namespace, name })
    await soon(() => (seen.get(name)?.status?.observedGeneration ?? 0) >= (metadata.generation ?? 0))
    times.push(performance.now() - begin)
  }
  stop.abort()
  await watching
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  show(`${what}: median`, `${Math.round(at(0.5))} ms`)
  show(`${what}: 99th percentile`, `${Math.round(at(0.99))} ms`, `${goalMs} ms`, at(0.99) <= goalMs)
}

async function soon(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2)
}

function show(what: string, value: string, goal = '', isMet?: boolean): void {
  rows.push([what, value, goal, isMet === undefined ? '' : isMet ? 'met' : 'MISSED'])
  progress(`${what}: ${value}`)
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
