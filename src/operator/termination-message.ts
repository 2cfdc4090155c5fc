import { z } from 'zod'
import { runSummary } from '../model/status.ts'
import type { RunReport } from '../sync/report.ts'
import { summaryOf } from '../sync/report.ts'

/** Kubernetes keeps no more of it. */
const MAX_BYTES = 4096

const message = z.object({
  ...runSummary.shape,
  /** Rows by table; absent where they are too many to say. */
  collections: z.record(z.string(), z.int()).optional(),
})

/** The verdict of a run, as a pod leaves it behind when it ends. The whole report stands in the ledger. */
export type Verdict = z.infer<typeof message>

/** A run in at most 4,096 bytes: first the rows by table are left out, then notices, the least grave first. */
export function terminationMessage(report: RunReport): string {
  const collections = Object.fromEntries(report.collections.map(({ collection, rows }) => [collection, rows]))
  const { notices, ...summary } = summaryOf(report)
  const all: Verdict = { ...summary, notices, collections }
  if (fits(all)) return JSON.stringify(all)
  for (let kept = notices.length; kept > 0; kept--) {
    const verdict: Verdict = { ...summary, notices: notices.slice(0, kept) }
    if (fits(verdict)) return JSON.stringify(verdict)
  }
  return JSON.stringify({ ...summary, notices: [] })
}

const fits = (verdict: Verdict): boolean => Buffer.byteLength(JSON.stringify(verdict)) <= MAX_BYTES

/** What a pod left behind; undefined where that is no verdict (it was killed, or died before it had one). */
export function readVerdict(text: string | undefined): Verdict | undefined {
  if (!text) return undefined
  try {
    return message.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
