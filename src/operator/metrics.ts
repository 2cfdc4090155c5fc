import { Counter, Gauge, type Registry } from 'prom-client'
import type { EngageResource } from '../model/kinds.ts'
import type { RunSummary } from '../model/status.ts'

/** What the operator tells of its resources and their syncs. `resources` are counted when somebody asks. */
export function resourceMetrics(registry: Registry, resources: () => Iterable<EngageResource>) {
  const registers = [registry]
  new Gauge({
    name: 'engageops_resources',
    help: 'Resources by kind and what their condition Ready says.',
    labelNames: ['kind', 'ready', 'reason'],
    registers,
    collect() {
      this.reset()
      for (const { kind, status } of resources()) {
        const condition = status?.conditions.find(({ type }) => type === 'Ready')
        this.inc({ kind, ready: condition?.status ?? 'Unknown', reason: condition?.reason ?? 'Reconciling' })
      }
    },
  })
  new Gauge({
    name: 'engageops_last_sync_timestamp_seconds',
    help: 'When the last sync of a space ended, and how.',
    labelNames: ['namespace', 'space', 'status'],
    registers,
    collect() {
      this.reset()
      for (const { kind, metadata, status } of resources()) {
        if (kind !== 'EngageSpace' || !status?.lastSync) continue
        const { lastSync } = status
        this.set(
          { namespace: metadata.namespace, space: metadata.name, status: lastSync.status },
          Date.parse(lastSync.end) / 1000,
        )
      }
    },
  })
  const runs = new Counter({
    name: 'engageops_syncs_total',
    help: 'Syncs that ended, by how they ended.',
    labelNames: ['namespace', 'space', 'destination', 'status'],
    registers,
  })
  const rows = new Counter({
    name: 'engageops_synced_rows_total',
    help: 'Rows that syncs wrote.',
    labelNames: ['namespace', 'space', 'destination'],
    registers,
  })
  return {
    /** Counts a sync that has ended. */
    ended(labels: { namespace: string; space: string; destination: string }, run: RunSummary): void {
      runs.inc({ ...labels, status: run.status })
      rows.inc(labels, run.rows)
    },
  }
}

/** Tells of namespaces that the operator looks after and cannot list. */
export function namespaceMetrics(registry: Registry, unseen: () => Iterable<{ namespace: string | undefined }>): void {
  new Gauge({
    name: 'engageops_unseen_namespaces',
    help: 'Namespaces that are left out because they could not be listed yet.',
    labelNames: ['namespace'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { namespace = '' } of unseen()) this.set({ namespace }, 1)
    },
  })
}
