/**
 * Asks every 100 ms until the answer is neither undefined nor false, and returns it. What `ask` throws counts as no
 * answer yet; after `seconds` the error says what was waited for, and the last of those. What `check` throws ends it.
 */
export async function eventually<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined | false>,
  check: () => void = () => undefined,
): Promise<T> {
  const end = Date.now() + seconds * 1000
  for (;;) {
    check()
    let cause: unknown
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      cause = error
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s${cause ? `; ${cause}` : ''}`, { cause })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
