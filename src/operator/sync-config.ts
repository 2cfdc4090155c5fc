import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { EngageError } from '../model/errors.ts'
import type { EngageSpace } from '../model/space.ts'
import type { WarehouseBlock } from '../model/warehouse-block.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { childLabels, ownerReference } from './cron-job.ts'
import type { ConfigMap } from './resource-types.ts'

/** All that a sync pod is told; no secret in it. */
export interface SyncConfig {
  /** Of this layout: a pod of another version says so instead of guessing. */
  version: 1
  order: WorkOrder
  warehouse: WarehouseBlock
}

const PLAIN = 'order.json'
const PIECE = /^order\.json\.gz\.(\d+)$/
/** Longer ones are compressed: a ConfigMap holds 1 MiB at most. */
const LONGEST_PLAIN = 256 * 1024
const PIECE_BYTES = 700 * 1024

/**
 * The ConfigMaps that carry a configuration, named by its content: one that is in use never changes. `name` is that of
 * the CronJob.
 */
export function configMaps(name: string, space: EngageSpace, config: SyncConfig): ConfigMap[] {
  const text = JSON.stringify(config)
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10)
  return contents(text).map((content, index) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: index === 0 ? `${name}-${hash}` : `${name}-${hash}-${index}`,
      namespace: space.metadata.namespace,
      labels: childLabels(space.metadata.name, config.order.destination),
      ownerReferences: [ownerReference(space)],
    },
    immutable: true,
    ...content,
  }))
}

function contents(text: string): Pick<ConfigMap, 'data' | 'binaryData'>[] {
  if (text.length <= LONGEST_PLAIN) return [{ data: { [PLAIN]: text } }]
  const bytes = gzipSync(text)
  const pieces = Math.ceil(bytes.length / PIECE_BYTES)
  return Array.from({ length: pieces }, (_, index) => ({
    binaryData: {
      [`${PLAIN}.gz.${index}`]: bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES).toString('base64'),
    },
  }))
}

/** Reads what the ConfigMaps hold from the folder where they are mounted. Throws InvalidSpec. */
export function readConfig(directory: string): SyncConfig {
  const config: SyncConfig = JSON.parse(readText(directory))
  if (config.version === 1) return config
  throw new EngageError(
    'InvalidSpec',
    'Stalled',
    `the work order has version ${config.version}, this program reads version 1: let operator and sync pods have one image`,
  )
}

function readText(directory: string): string {
  const files = readdirSync(directory)
  if (files.includes(PLAIN)) return readFileSync(join(directory, PLAIN), 'utf8')
  const pieces = files.flatMap((file) => {
    const number = PIECE.exec(file)?.[1]
    return number === undefined ? [] : [{ number: Number(number), file }]
  })
  if (pieces.length === 0) {
    throw new EngageError(
      'InvalidSpec',
      'Stalled',
      `there is no work order in ${directory}: mount the ConfigMap of the CronJob`,
    )
  }
  pieces.sort((a, b) => a.number - b.number)
  return gunzipSync(Buffer.concat(pieces.map(({ file }) => readFileSync(join(directory, file))))).toString('utf8')
}
