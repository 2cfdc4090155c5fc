/** Objects whose date is older than the newest one of their series by this are taken as known: none is written so late. */
export const LOOK_BACK_DAYS = 7

/** Where the key of an object puts it in time, by the names of its folders. */
export interface Dated {
  /** The folder whose subfolders are dates: `segment-logs/SOURCE/`, or `` for the top. */
  series: string
  /** `2026`, `2026-11` or `2026-11-24`, in UTC: as exact as the folders tell. */
  date: string
}

/** The first day of each series that is listed again: days before it were read, all of them. */
export type Marks = Readonly<Record<string, string>>

/** A folder of keys on the way down from the top; its date is empty where no name on the way was one. */
export interface Folder extends Dated {
  /** The keys in it start so: empty, or it ends with `/`. */
  prefix: string
}

export const TOP: Folder = { prefix: '', series: '', date: '' }

const DAY_LENGTH = 10

/** The date that a folder's name tells by itself: ISO, compact or milliseconds since 1970; `date=` and the like may go before. */
const DATES: readonly { pattern: RegExp; date: (text: string) => string }[] = [
  { pattern: /^(?:\w+=)?([12]\d{12})$/, date: (text) => new Date(Number(text)).toISOString().slice(0, DAY_LENGTH) },
  { pattern: /^(?:\w+=)?(\d{4}-[01]\d-[0-3]\d)(?!\d)/, date: (text) => text },
  {
    pattern: /^(?:\w+=)?((?:19|20)\d\d[01]\d[0-3]\d)(?!\d)/,
    date: (text) => `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`,
  },
  { pattern: /^(?:\w+=)?(\d{4}-[01]\d)$/, date: (text) => text },
  { pattern: /^(?:\w+=)?((?:19|20)\d\d)$/, date: (text) => text },
]
/** A month below a year, a day below a month. */
const PART = /^(?:\w+=)?([0-3]\d)$/

/** The date of a subfolder; undefined: its name tells nothing. */
function dateOf(folder: Folder, name: string): string | undefined {
  if (folder.date.length === DAY_LENGTH) return undefined
  if (folder.date !== '') {
    const part = PART.exec(name)?.[1]
    return part === undefined ? undefined : `${folder.date}-${part}`
  }
  for (const { pattern, date } of DATES) {
    const text = pattern.exec(name)?.[1]
    if (text !== undefined) return date(text)
  }
  return undefined
}

/** The subfolder of a folder. A folder of a date stays of that date where a subfolder's name does not tell it better. */
export function subfolder(folder: Folder, name: string): Folder {
  const prefix = `${folder.prefix}${name}/`
  const date = dateOf(folder, name)
  if (date !== undefined) return { prefix, series: folder.series, date }
  return folder.date === '' ? { prefix, series: prefix, date: '' } : { ...folder, prefix }
}

/** Where a key, which is one below the source's URL, stands in time; undefined: its folders do not tell. */
export function datedOf(key: string): Dated | undefined {
  const { series, date } = key.split('/').slice(0, -1).reduce(subfolder, TOP)
  return date === '' ? undefined : { series, date }
}

/** What of a folder is to be listed: nothing, all below it at once, or one level, to look at each subfolder. */
export function extentOf(folder: Folder, marks: Marks): 'None' | 'All' | 'Level' {
  const mark = marks[folder.series]
  if (folder.date !== '') {
    if (mark === undefined) return 'All'
    const reached = mark.slice(0, folder.date.length)
    if (folder.date < reached) return 'None'
    return folder.date > reached || folder.date.length === DAY_LENGTH ? 'All' : 'Level'
  }
  return Object.keys(marks).some((series) => series.startsWith(folder.prefix)) ? 'Level' : 'All'
}

/**
 * The marks after all that was listed was read: no mark goes back, and none goes beyond today, whatever the names of
 * folders say. `today` is a day, such as 2026-11-24.
 */
export function marksAfter(listed: Iterable<Dated>, marks: Marks, today: string): Marks {
  const newest = new Map<string, string>()
  for (const { series, date } of listed) {
    if (date.length === DAY_LENGTH && date <= today && date > (newest.get(series) ?? '')) newest.set(series, date)
  }
  const next: Record<string, string> = { ...marks }
  for (const [series, date] of newest) {
    const time = Date.parse(date)
    if (Number.isNaN(time)) continue
    const mark = new Date(time - LOOK_BACK_DAYS * 86_400_000).toISOString().slice(0, DAY_LENGTH)
    if (mark > (next[series] ?? '')) next[series] = mark
  }
  return next
}

/** Whether the marks leave something of that date out of later listings. */
export function isBehind({ series, date }: Dated, marks: Marks): boolean {
  const mark = marks[series]
  return mark !== undefined && date < mark.slice(0, date.length)
}
