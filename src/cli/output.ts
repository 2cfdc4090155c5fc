/** What `-o` takes. */
export const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** A value as JSON or YAML, or what `table` makes of it for people. Always ends with a line end, unless it is empty. */
export async function render(format: OutputFormat, value: unknown, table: () => string): Promise<string> {
  switch (format) {
    case 'json':
      return `${JSON.stringify(value, undefined, 2)}\n`
    case 'yaml': {
      const { stringify } = await import('yaml')
      return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
    }
    case 'table':
      return table()
  }
}

/** Whether a stream shows colours: a terminal that has them, and NO_COLOR is not set. */
export const hasColour = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true && stream.hasColors()
