import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ENGAGE } from '../src/operator/resource-types.ts'
import { startControlPlane } from '../test/kubernetes/control-plane.ts'
import { activation } from '../test/operator/manifests.ts'
import { RunningOperator } from '../test/operator/running-operator.ts'
import { buildOperator } from './build-operator.ts'
import { Inspector } from './inspector.ts'
import { memoryOf } from './memory.ts'
import { OperatorWorld } from './operator-world.ts'
import { withPostgres } from './postgres-server.ts'

/**
 * Whether the operator's memory grows: activations are edited, deleted and made again, all the time, against a real API
 * server and a real Postgres. `npm run bench:soak -- --minutes 20`. Once a minute its garbage is collected; the trends are
 * those after the warm-up.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    'warm-up': { type: 'string', default: '5' },
    activations: { type: 'string', default: '1000' },
    /** Changes a second. */
    rate: { type: 'string', default: '5' },
  },
})
const MINUTES = Number(values.minutes)
const WARM_UP = Number(values['warm-up'])
const SIZE = { activations: Number(values.activations), spaces: 10, namespaces: 5 }
const PAUSE_MS = 1000 / Number(values.rate)
/** A pod of 512 MiB, the chart's limit: Node takes half of it as heap. */
const INSPECTOR_PORT = 19_229
const NODE_FLAGS = ['--max-semi-space-size=16', '--max-old-space-size=256', `--inspect=127.0.0.1:${INSPECTOR_PORT}`]

await withPostgres(
  async (server) => {
    const controlPlane = await startControlPlane({ crds: join(import.meta.dirname, '../crds') })
    try {
      await using world = new OperatorWorld(controlPlane.kubeconfig, SIZE, server)
      await soak(controlPlane.kubeconfig, world)
    } finally {
      await controlPlane.stop()
    }
  },
  { settings: ['fsync=off'] },
)

async function soak(kubeconfig: string, world: OperatorWorld): Promise<void> {
  const main = await buildOperator()
  await world.prepare()
  await using operator = await RunningOperator.start({
    kubeconfig,
    namespace: world.namespace,
    watch: 'all',
    main,
    nodeFlags: NODE_FLAGS,
  })
  await operator.isIdle(1_800)
  process.stderr.write('idle, the churn begins\n')
  const stop = new AbortController()
  const churning = churn(world, stop.signal)
  using inspector = await Inspector.connect(INSPECTOR_PORT)
  const heap: number[] = []
  const resident: number[] = []
  for (let minute = 1; minute <= MINUTES; minute += 1) {
    await sleep(60_000)
    heap.push(await inspector.heapInUse())
    resident.push(memoryOf(operator.pid, 'VmRSS'))
    process.stderr.write(
      `minute ${minute}: heap ${heap.at(-1)?.toFixed(2)} MiB, RSS ${resident.at(-1)?.toFixed(1)} MiB\n`,
    )
  }
  stop.abort()
  const changes = await churning
  await operator.isIdle(600)
  const [cpu] = cpus()
  process.stdout.write(
    `${changes} changes in ${MINUTES} minutes, ${SIZE.activations} activations; ${cpus().length} x ${cpu?.model}\n` +
      `${trend('heap', heap)}; goal: below 1\n${trend('RSS', resident)}; at most ${memoryOf(operator.pid, 'VmHWM').toFixed(0)} MiB\n`,
  )
}

function trend(what: string, minutes: readonly number[]): string {
  const [first, last] = [minutes[WARM_UP], minutes.at(-1)].map((value) => value?.toFixed(1))
  const perHour = slope(minutes.slice(WARM_UP)) * 60
  return `${what}: ${first} MiB after ${WARM_UP} minutes, ${last} MiB at the end: ${perHour.toFixed(1)} MiB an hour`
}

/** Edits, deletes and makes again: the same few activations, so that what there is stays the same. Counts the changes. */
async function churn(world: OperatorWorld, signal: AbortSignal): Promise<number> {
  let changes = 0
  for (; !signal.aborted; await sleep(PAUSE_MS)) {
    const index = changes % 100
    const namespace = world.namespaceOf(index % SIZE.spaces)
    const name = `s${index % SIZE.spaces}-a${index}`
    const spaceRef = { name: `s${index % SIZE.spaces}` }
    const isEdit = Math.floor(changes / 100) % 3 < 2
    const columns = [{ name: `c${Math.floor(changes / 100) % 2}`, type: 'String', path: '$.properties.c' }]
    const storageActions = { table: name.replaceAll('-', '_'), triggers: ['EntityAdded'], columns }
    if (isEdit) await world.apply(activation(namespace, name, { spaceRef, storageActions }))
    else await world.client.delete(ENGAGE.Activation, { namespace, name })
    changes += 1
  }
  return changes
}

/** The slope of a straight line through values at 0, 1, 2 and so on, by least squares. */
function slope(of: readonly number[]): number {
  const middle = (of.length - 1) / 2
  const mean = of.reduce((sum, value) => sum + value, 0) / of.length
  const above = of.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0)
  return above / of.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
}
