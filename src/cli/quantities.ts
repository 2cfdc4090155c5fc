const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** A time span in milliseconds as people read it, at most two units: `850ms`, `42s`, `3m5s`, `5h`, `12d`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))}ms`
  const first = UNITS.findIndex(([, size]) => milliseconds >= size)
  const [unit, size] = UNITS[first] ?? UNITS[3]
  const whole = Math.floor(milliseconds / size)
  const next = UNITS[first + 1]
  if (!next || whole >= 10) return `${whole}${unit}`
  const rest = Math.floor((milliseconds % size) / next[1])
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${next[0]}`
}

/** How long ago an RFC 3339 time was, to the second: `0s`, `5m`, `3d4h`. `<unknown>` where there is none. */
export function formatAge(time: string | undefined, now: Date): string {
  const at = Date.parse(time ?? '')
  return Number.isNaN(at) ? '<unknown>' : formatDuration(wholeSeconds(now.getTime() - at)).replace(/^0ms$/, '0s')
}

/** When an RFC 3339 time to come is: `in 12m`, or `due` when it has passed. `<none>` where there is none. */
export function formatNext(time: string | undefined, now: Date): string {
  const at = Date.parse(time ?? '')
  if (Number.isNaN(at)) return '<none>'
  const left = wholeSeconds(at - now.getTime())
  return left <= 0 ? 'due' : `in ${formatDuration(left)}`
}

const wholeSeconds = (milliseconds: number): number => Math.max(0, Math.floor(milliseconds / 1000) * 1000)

const grouped = new Intl.NumberFormat('en-US')

/** A count with its thousands grouped: `1,234,567`. */
export const formatCount = (count: number): string => grouped.format(count)

/** A count and its noun: `1 row`, `2 rows`. */
export const counted = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** An amount of bytes as people read it: `0 B`, `12 MiB`, `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), BYTE_UNITS.length - 1)
  const amount = bytes / 1024 ** power
  return `${amount < 10 && power > 0 ? amount.toFixed(1).replace(/\.0$/, '') : Math.round(amount)} ${BYTE_UNITS[power]}`
}

const SHOWN_NAMES = 2

/** Names, of which many are cut short: `a, b and 5 more`. */
export const shortList = (names: readonly string[]): string =>
  names.length <= SHOWN_NAMES + 1
    ? names.join(', ')
    : `${names.slice(0, SHOWN_NAMES).join(', ')} and ${names.length - SHOWN_NAMES} more`
