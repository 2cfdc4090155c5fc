/** Text that YAML 1.1 and 1.2 read as the same text without quotes. */
const PLAIN = /^[A-Za-z_/$][A-Za-z0-9_./$-]*( [A-Za-z0-9_./$-]+)*$/
const MEANS_SOMETHING = /^(y|n|yes|no|on|off|true|false|null)$/i

/**
 * A value as block YAML, in the order of its keys. `scalarOf` writes what is neither text, number, boolean nor null, or
 * takes one of these over, keys of maps among them; undefined leaves it to YAML.
 */
export function toYamlText(value: unknown, scalarOf: ScalarOf): string {
  return `${block(value, [], '', scalarOf).trimStart()}\n`
}

type Path = readonly (string | number)[]
type ScalarOf = (value: unknown, path: Path) => string | undefined

/** The value behind a key or a dash: on the same line, or below it. */
function block(value: unknown, path: Path, indent: string, scalarOf: ScalarOf): string {
  const scalar = scalarOf(value, path)
  if (scalar !== undefined) return ` ${scalar}`
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []'
    const within = `${indent}  `
    return value
      .map((item, index) => `\n${indent}-${onLine(block(item, [...path, index], within, scalarOf), within)}`)
      .join('')
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
    if (entries.length === 0) return ' {}'
    return entries
      .map(([key, item]) => {
        const way = [...path, key]
        return `\n${indent}${scalarOf(key, way) ?? text(key)}:${block(item, way, `${indent}  `, scalarOf)}`
      })
      .join('')
  }
  return ` ${typeof value === 'string' ? text(value) : JSON.stringify(value)}`
}

/** The first entry of a map or list in a list stands behind the dash. */
function onLine(lines: string, indent: string): string {
  return lines.startsWith(`\n${indent}`) ? ` ${lines.slice(indent.length + 1)}` : lines
}

/** Characters that JSON takes in quotes and YAML does not, or not in every version. */
const NOT_IN_QUOTES = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g

function text(value: string): string {
  if (PLAIN.test(value) && !MEANS_SOMETHING.test(value)) return value
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value).replace(NOT_IN_QUOTES, escaped)
}
