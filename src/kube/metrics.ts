import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { RequestReport } from './transport.ts'
import type { QueueObserver, WorkQueue } from './work-queue.ts'

/** From a millisecond to a quarter of an hour, in seconds. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900]

/** Metrics of requests, under the names that client-go gives them. The result is `observe` of a client. */
export function requestMetrics(registry: Registry): (report: RequestReport) => void {
  const registers = [registry]
  const total = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server, every try, by answer.',
    labelNames: ['code', 'method', 'host'],
    registers,
  })
  const duration = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Time to the answer of a request; of a watch, to its beginning.',
    labelNames: ['verb', 'host'],
    buckets: BUCKETS,
    registers,
  })
  return ({ code, method, host, seconds }) => {
    total.inc({ code, method, host })
    duration.observe({ verb: method, host }, seconds)
  }
}

/** Metrics of work queues, under the names that client-go gives them. */
export function queueMetrics(registry: Registry) {
  const registers = [registry]
  const labelNames = ['name']
  const queues = new Map<string, WorkQueue>()
  const gauge = (name: string, help: string, read: (queue: WorkQueue) => number) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        for (const [label, queue] of queues) this.set({ name: label }, read(queue))
      },
    })
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers })
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, labelNames, buckets: BUCKETS, registers })

  gauge('workqueue_depth', 'Keys that wait for a worker.', (queue) => queue.depth)
  gauge('workqueue_parked', 'Keys that wait for a closed gate.', (queue) => queue.parked)
  gauge('workqueue_unfinished_work_seconds', 'Seconds of work that has begun and not ended.', (queue) =>
    queue.workingSeconds.reduce((sum, seconds) => sum + seconds, 0),
  )
  gauge('workqueue_longest_running_processor_seconds', 'How long the longest work has been going on.', (queue) =>
    Math.max(0, ...queue.workingSeconds),
  )
  const adds = counter('workqueue_adds_total', 'Keys added.')
  const retries = counter('workqueue_retries_total', 'Keys added again after a failure.')
  const waited = histogram('workqueue_queue_duration_seconds', 'How long keys wait for a worker.')
  const worked = histogram('workqueue_work_duration_seconds', 'How long work on a key takes.')

  return {
    /** The observer of the queue of this name. */
    observer(name: string): QueueObserver {
      return {
        added: () => adds.inc({ name }),
        started: (_, seconds) => waited.observe({ name }, seconds),
        finished: (_, seconds) => worked.observe({ name }, seconds),
        retried: () => retries.inc({ name }),
      }
    },
    /** Watches the depth of a queue. */
    watch(name: string, queue: WorkQueue): void {
      queues.set(name, queue)
    },
  }
}
