/** Edits overtake resyncs, but for every eighth turn. */
export type Lane = 'edit' | 'resync'

export function moreUrgent(known: Lane | undefined, lane: Lane): Lane {
  return known === 'edit' ? 'edit' : lane
}
