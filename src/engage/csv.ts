/** Characters that make a cell need quotes; the backslash because Postgres takes a lone `\.` for the end of the data. */
const SPECIAL = /[",\n\r\\]/

/** A cell of the stage files (see StagePart in warehouses/port.ts): the empty string is quoted, NULL is nothing. */
export function csvCell(text: string): string {
  if (text === '') return '""'
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
