/** Whether a name is one of the patterns, in which `*` is any text and `?` any character. */
export function globs(patterns: readonly string[] | undefined): (name: string) => boolean {
  if (!patterns || patterns.length === 0) return () => false
  const sources = patterns.map((pattern) =>
    pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.'),
  )
  const regex = new RegExp(`^(${sources.join('|')})$`)
  return (name) => regex.test(name)
}
