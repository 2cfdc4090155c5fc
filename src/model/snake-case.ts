/** A word: capitals and digits, then small letters and digits. So an acronym sticks to what follows it. */
const WORD = /[A-Z0-9]+[a-z0-9]*|[a-z][a-z0-9]*/g

/**
 * Segment's snake_case, as go-snakecase makes it: `userName` -> `user_name`, `CStringRef` -> `cstring_ref`. Everything
 * that is not an ASCII letter or digit separates words. The result is empty where nothing is left, and may begin with a
 * digit.
 */
export function snakeCase(text: string): string {
  return (text.match(WORD) ?? []).join('_').toLowerCase()
}
