/** A table of a result, as BigQuery's REST API gives it: values are text, also those of numbers. */
export interface Field {
  name: string
  type: string
}

export interface ResultRow {
  f: { v: unknown }[]
}

/** Rows by column, values as `Session.query` gives them. Timestamps must have been asked for in microseconds. */
export const rowsOf = (fields: readonly Field[], rows: readonly ResultRow[]): Record<string, string | null>[] =>
  rows.map(({ f: cells }) =>
    Object.fromEntries(fields.map(({ name, type }, number) => [name, textOf(cells[number]?.v, type)])),
  )

function textOf(value: unknown, type: string): string | null {
  if (value === null || value === undefined) return null
  // An array or a record, which only a table of somebody else can have.
  if (typeof value === 'object') return JSON.stringify(value)
  const text = String(value)
  if (type === 'TIMESTAMP') return timestampText(BigInt(text))
  return type === 'FLOAT' ? text.replace(/\.0$/, '') : text
}

/** `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`, without zeros at the end. */
function timestampText(microseconds: bigint): string {
  const second = 1_000_000n
  const fraction = ((microseconds % second) + second) % second
  const whole = new Date(Number((microseconds - fraction) / 1000n)).toISOString().slice(0, 19)
  return fraction === 0n ? `${whole}Z` : `${whole}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}Z`
}
