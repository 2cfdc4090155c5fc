import type { KubeObject, ResourceType } from '../kube/object.ts'
import { DEFINITIONS } from '../model/kinds.ts'
import type { Kind } from '../model/resource.ts'

/** Who writes what the operator writes, for server-side apply. */
export const FIELD_MANAGER = 'engageops-operator'

const engage = (kind: Kind): ResourceType => ({
  group: 'engageops.dev',
  version: 'v1alpha1',
  plural: DEFINITIONS[kind].plural,
  kind,
  namespaced: true,
})

/** The three kinds, as the API server serves them. */
export const ENGAGE: Record<Kind, ResourceType> = {
  WarehouseDestination: engage('WarehouseDestination'),
  EngageSpace: engage('EngageSpace'),
  Activation: engage('Activation'),
}

const core = (plural: string, kind: string): ResourceType => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
})
const batch = (plural: string, kind: string): ResourceType => ({ ...core(plural, kind), group: 'batch' })

export const CONFIG_MAPS = core('configmaps', 'ConfigMap')
export const SECRETS = core('secrets', 'Secret')
export const PODS = core('pods', 'Pod')
export const CRON_JOBS = batch('cronjobs', 'CronJob')
export const JOBS = batch('jobs', 'Job')

export interface ConfigMap extends KubeObject {
  immutable?: boolean
  data?: Record<string, string>
  binaryData?: Record<string, string>
}

export interface Secret extends KubeObject {
  data?: Record<string, string>
}

export interface CronJob extends KubeObject {
  spec: { schedule: string; suspend?: boolean; jobTemplate: JobTemplate; [field: string]: unknown }
}

export interface JobTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }
  spec: Record<string, unknown>
}

export interface Job extends KubeObject {
  spec: Record<string, unknown>
  status?: JobStatus
}

export interface JobStatus {
  startTime?: string
  completionTime?: string
  active?: number
  conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[]
}

export interface Pod extends KubeObject {
  status?: {
    containerStatuses?: {
      name: string
      state?: { terminated?: { exitCode: number; reason?: string; message?: string; finishedAt?: string } }
    }[]
  }
}

/** What marks everything that the operator makes, and lets it watch only that. */
export const MANAGED_LABELS = {
  'app.kubernetes.io/name': 'engageops-sync',
  'app.kubernetes.io/part-of': 'engageops',
  'app.kubernetes.io/managed-by': FIELD_MANAGER,
}
export const MANAGED_SELECTOR = `app.kubernetes.io/managed-by=${FIELD_MANAGER}`

/** Which space and destination a child is of. */
export const SPACE_LABEL = 'engageops.dev/space'
export const DESTINATION_LABEL = 'engageops.dev/destination'
/** Set on a space or one of its activations, any new value asks for one sync. */
export const SYNC_REQUESTED = 'engageops.dev/sync-requested-at'
/** Hash of what was applied: what is the same is not applied again. */
export const TEMPLATE_HASH = 'engageops.dev/template-hash'
