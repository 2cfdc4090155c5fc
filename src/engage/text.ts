import type { NoteCode } from './notes.ts'

/** Text that was changed so that it can be stored, and how. */
export interface MendedText {
  text: string
  note: NoteCode
}

/** The text if any warehouse can store it, else what it was mended to. NUL stays where the warehouse takes it. */
export function mendText(text: string, rejectsNul: boolean): string | MendedText {
  const hasNul = rejectsNul && text.includes('\0')
  if (!hasNul && text.isWellFormed()) return text
  return {
    text: (hasNul ? text.replaceAll('\0', '') : text).toWellFormed(),
    note: hasNul ? 'NulRemoved' : 'InvalidUnicode',
  }
}
