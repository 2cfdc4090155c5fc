/** Text in pieces, as its lines. */
export async function* lines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let begun = ''
  for await (const chunk of chunks) {
    const parts = chunk.split('\n')
    const last = parts.pop() ?? ''
    for (const part of parts) {
      const line = begun + part
      begun = ''
      if (line !== '') yield line
    }
    begun += last
  }
}
