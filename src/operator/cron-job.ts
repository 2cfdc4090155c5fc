import { createHash } from 'node:crypto'
import type { OwnerReference } from '../kube/object.ts'
import type { DestinationSpec, WarehouseDestination } from '../model/destination.ts'
import type { EngageSpace } from '../model/space.ts'
import { ORDER_DIR, SECRETS_DIR, STALLED_EXIT_CODE, VOLUMES_DIR } from './pod-contract.ts'
import { type CronJob, DESTINATION_LABEL, MANAGED_LABELS, SPACE_LABEL, TEMPLATE_HASH } from './resource-types.ts'
import { secretReferences } from './secret-references.ts'
import type { SyncConfig } from './sync-config.ts'

/** Longest name of a CronJob: its Jobs add eleven characters to it. */
const MAX_NAME = 52
/** A sync that takes longer is ended and goes on from its last commit with the next Job. */
const DEADLINE_SECONDS = 6 * 3600

/** The container that syncs; a cluster may put others beside it. */
export const SYNC_CONTAINER = 'sync'

const DEFAULT_RESOURCES = { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } }

/** The image of sync pods; without a policy Kubernetes takes that of the tag. */
export interface SyncImage {
  name: string
  pullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
}

/** Name of the CronJob of a space in a destination: both names, and a hash where they are too long together. */
export function cronJobName(space: string, destination: string): string {
  const name = `${space}-${destination}-sync`
  if (name.length <= MAX_NAME) return name
  const hash = createHash('sha256')
    .update(JSON.stringify([space, destination]))
    .digest('hex')
    .slice(0, 8)
  return `${name.slice(0, MAX_NAME - 9).replace(/-+$/, '')}-${hash}`
}

export const ownerReference = ({ apiVersion, kind, metadata }: EngageSpace): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
})

/** Labels of all that belongs to a space in a destination. */
export const childLabels = (space: string, destination: string): Record<string, string> => ({
  ...MANAGED_LABELS,
  [SPACE_LABEL]: space,
  [DESTINATION_LABEL]: destination,
})

/**
 * The CronJob that syncs a space into a destination: one pod that needs no API server, its work in `configMaps` and its
 * secrets in volumes. A pod that is evicted, or fails in a way that may pass, is tried again; one that only a person can
 * mend is not.
 */
export function syncCronJob(parts: {
  space: EngageSpace
  destination: WarehouseDestination
  config: SyncConfig
  configMaps: readonly string[]
  image: SyncImage
}): CronJob {
  const { space, destination, config, configMaps, image } = parts
  const { sync } = destination.spec
  const labels = childLabels(space.metadata.name, destination.metadata.name)
  const spec: CronJob['spec'] = {
    schedule: sync.schedule,
    timeZone: sync.timeZone,
    suspend: sync.suspend,
    concurrencyPolicy: 'Forbid',
    startingDeadlineSeconds: 600,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 3,
    jobTemplate: {
      metadata: { labels },
      spec: {
        backoffLimit: 3,
        activeDeadlineSeconds: DEADLINE_SECONDS,
        podFailurePolicy: {
          rules: [
            {
              action: 'FailJob',
              onExitCodes: { containerName: SYNC_CONTAINER, operator: 'In', values: [STALLED_EXIT_CODE] },
            },
            { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          ],
        },
        template: podTemplate(sync.pod, config, configMaps, image, labels),
      },
    },
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {
      name: cronJobName(space.metadata.name, destination.metadata.name),
      namespace: space.metadata.namespace,
      labels,
      annotations: { [TEMPLATE_HASH]: createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 16) },
      ownerReferences: [ownerReference(space)],
    },
    spec,
  }
}

function podTemplate(
  pod: DestinationSpec['sync']['pod'],
  config: SyncConfig,
  configMaps: readonly string[],
  image: SyncImage,
  labels: Record<string, string>,
) {
  const fromField = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })
  const volumes = config.order.sources.flatMap(({ name, volume }) => (volume ? [{ name, volume }] : []))
  const { order, warehouse: settings } = config
  const secrets = secretReferences([settings, order.sources])
  return {
    metadata: {
      labels: { ...pod?.labels, ...labels },
      ...(pod?.annotations ? { annotations: pod.annotations } : {}),
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(pod?.serviceAccountName ? { serviceAccountName: pod.serviceAccountName } : {}),
      ...(pod?.priorityClassName ? { priorityClassName: pod.priorityClassName } : {}),
      ...(pod?.nodeSelector ? { nodeSelector: pod.nodeSelector } : {}),
      ...(pod?.tolerations ? { tolerations: pod.tolerations } : {}),
      ...(pod?.affinity ? { affinity: pod.affinity } : {}),
      // Which user is the image's or the platform's to say: OpenShift gives each namespace its own, and refuses others.
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: SYNC_CONTAINER,
          image: image.name,
          ...(image.pullPolicy ? { imagePullPolicy: image.pullPolicy } : {}),
          args: ['sync-pod'],
          env: [
            fromField('ENGAGEOPS_RUN_ID', 'metadata.uid'),
            fromField('ENGAGEOPS_HOLDER', "metadata.labels['batch.kubernetes.io/job-name']"),
          ],
          resources: pod?.resources ?? DEFAULT_RESOURCES,
          terminationMessagePolicy: 'File',
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: 'order', mountPath: ORDER_DIR, readOnly: true },
            { name: 'tmp', mountPath: '/tmp' },
            ...secrets.map((name, index) => ({
              name: `secret-${index}`,
              mountPath: `${SECRETS_DIR}/${name}`,
              readOnly: true,
            })),
            ...volumes.map(({ name }, index) => ({
              name: `source-${index}`,
              mountPath: `${VOLUMES_DIR}/${name}`,
              readOnly: true,
            })),
          ],
        },
      ],
      volumes: [
        { name: 'order', projected: { sources: configMaps.map((name) => ({ configMap: { name } })) } },
        { name: 'tmp', emptyDir: {} },
        // Optional: a pod whose Secret is missing must start and say so, not hang until its deadline.
        ...secrets.map((secretName, index) => ({ name: `secret-${index}`, secret: { secretName, optional: true } })),
        ...volumes.map(({ volume }, index) => ({
          name: `source-${index}`,
          persistentVolumeClaim: { claimName: volume.claimName, readOnly: true },
        })),
      ],
    },
  }
}
