import { STALLED_EXIT_CODE } from '../operator/pod-contract.ts'

/** What the exit status of `engageops` means. docs/cli.md and `engageops --help` show these words. */
export const EXIT = {
  ok: { code: 0, meaning: 'done; for plan: nothing to change' },
  failed: { code: 1, meaning: 'failed, see the message' },
  changes: { code: 2, meaning: 'plan: there are changes; apply: changes that lose data wait for --yes' },
  invalid: { code: 3, meaning: 'manifests are invalid; nothing was done' },
  partial: { code: 4, meaning: 'sync: rows were written, but some values were discarded; replay: some still are' },
  usage: { code: 64, meaning: 'the command line is wrong' },
  retry: { code: 75, meaning: 'sync-pod: failed or interrupted, worth another try' },
  stalled: { code: STALLED_EXIT_CODE, meaning: 'sync-pod: failed, and only a person can mend it' },
  interrupted: { code: 130, meaning: 'interrupted by Ctrl-C' },
} as const
