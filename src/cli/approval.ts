import { createInterface } from 'node:readline/promises'
import type { Plan } from '../plan/plan.ts'

/**
 * What `apply` does with its plans. Nothing: there are no changes. Ask: a person decides. All: every change is made.
 * Additive: plans that lose data are left out, because nobody is there to ask.
 */
export type Approval = 'Nothing' | 'Ask' | 'All' | 'Additive'

export function approvalOf(
  plans: readonly Pick<Plan, 'changes' | 'destructive'>[],
  { yes, terminal }: { yes: boolean; terminal: boolean },
): Approval {
  if (plans.every(({ changes }) => changes.length === 0)) return 'Nothing'
  if (yes) return 'All'
  if (terminal) return 'Ask'
  return plans.some(({ destructive }) => destructive) ? 'Additive' : 'All'
}

/** Asks on the terminal; only `yes` is a yes. Ctrl-C and Ctrl-D are a no. */
export async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const gone = new AbortController()
  terminal.once('close', () => gone.abort())
  try {
    const answer = await terminal.question(`${question} Only yes is accepted: `, { signal: gone.signal })
    return answer.trim() === 'yes'
  } catch (error) {
    if (gone.signal.aborted) return false
    throw error
  } finally {
    terminal.close()
  }
}
