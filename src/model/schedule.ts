import { Cron } from 'croner'
import { z } from 'zod'
import { matching, notMatching, ruled, textRule } from './rules.ts'

/** One cron field: `*`, `*`/n, or a list of values and ranges, ranges with a step where wanted. */
function field(value: string, end = value): string {
  const item = `(${value})(-(${end})(/[1-9][0-9]?)?)?`
  return `([*](/[1-9][0-9]?)?|${item}(,${item})*)`
}

const FIVE_FIELDS = new RegExp(
  `^${[
    field('[0-5]?[0-9]'),
    field('[01]?[0-9]|2[0-3]'),
    field('0?[1-9]|[12][0-9]|3[01]'),
    field('0?[1-9]|1[0-2]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec'),
    // No range ends on Sunday: it is day 0, but croner would read 7.
    field('0?[0-6]|sun|mon|tue|wed|thu|fri|sat', '0?[1-6]|mon|tue|wed|thu|fri|sat'),
  ].join(' +')}$`,
  'i',
)

/** Both day fields set, one of them as a step: Kubernetes wants both to fit, croner one. */
const STEPS_IN_TWO_DAY_FIELDS = /^[^ ]+ +[^ ]+ +([*]\/[^ ]+ +[^ ]+ +([^* ]|[*]\/)|[^* ][^ ]* +[^ ]+ +[*]\/)/

const fires = textRule({
  message: 'never fires: write five cron fields that some day fits, such as "0 * * * *"',
  holds: (text) => !FIVE_FIELDS.test(text) || canFire(text),
})

function canFire(schedule: string): boolean {
  try {
    return new Cron(schedule, { mode: '5-part', timezone: 'Etc/UTC', paused: true }).nextRun() !== null
  } catch {
    return false
  }
}

/** When something runs: five cron fields that Kubernetes and croner read alike, and that come true some day. */
export const schedule = ruled(
  z.string().max(100),
  matching(
    FIVE_FIELDS,
    'is not a schedule: write five cron fields (minute, hour, day of month, month, day of week 0-6), such as "0 * * * *"; the zone goes to timeZone',
  ),
  notMatching(
    STEPS_IN_TWO_DAY_FIELDS,
    'has a step (*/n) in one day field while the other is set too, which not every cron reads alike: write the days out, such as "0 0 1,15 * 1"',
  ),
  fires,
)

/** A name of the tz database. CEL cannot know them; the operator refuses an unknown one in a condition. */
export const timeZone = ruled(
  z.string().min(1).max(64),
  textRule({
    message: 'is not a time zone: write a name of the tz database, such as Europe/Berlin or Etc/UTC',
    holds: isTimeZone,
  }),
)

function isTimeZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false // Intl knows offsets; Kubernetes does not.
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions()
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase() // Kubernetes minds the case.
  } catch {
    return false
  }
}

const DURATION = '[1-9][0-9]{0,5}(s|m|h)'

/** Minutes and hours are whole, so only seconds can be too few. */
function isShort(duration: string): boolean {
  const seconds = /^([0-9]+)s$/.exec(duration)
  return seconds !== null && Number(seconds[1]) < 60
}

const MINUTE = 'is below a minute: write 1m or more'

/** A time span of a minute or more, such as 90s, 10m or 2h. */
export const interval = ruled(
  z
    .string()
    .max(16)
    .regex(new RegExp(`^${DURATION}$`), 'is not a time span: write a number and s, m or h, such as 10m'),
  textRule({ message: MINUTE, cel: "duration(self) >= duration('1m')", holds: (text) => !isShort(text) }),
)

/** A time span, or OnSync: with each sync. */
export const intervalOrOnSync = ruled(
  z
    .string()
    .max(16)
    .regex(
      new RegExp(`^(${DURATION}|OnSync)$`),
      'is neither a time span nor OnSync: write a number and s, m or h, such as 10m, or OnSync',
    ),
  textRule({
    message: MINUTE,
    cel: "self == 'OnSync' || duration(self) >= duration('1m')",
    holds: (text) => !isShort(text),
  }),
)
