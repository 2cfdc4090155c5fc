/** What falls due, earliest first: a binary heap. */
export class DueHeap<T> {
  readonly #entries: { at: number; item: T }[] = []

  push(at: number, item: T): void {
    const entries = this.#entries
    let index = entries.push({ at, item }) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfEarlier(index, parent)) return
      index = parent
    }
  }

  /** When the earliest falls due. */
  get next(): number | undefined {
    return this.#entries[0]?.at
  }

  /** The earliest, if it is due. */
  popDue(now: number): T | undefined {
    const [first] = this.#entries
    if (first === undefined || first.at > now) return undefined
    const last = this.#entries.pop()
    if (last !== undefined && last !== first) {
      this.#entries[0] = last
      this.#sink()
    }
    return first.item
  }

  #sink(): void {
    for (let index = 0; ; ) {
      const left = 2 * index + 1
      const right = left + 1
      const least = this.#at(right) < this.#at(left) ? right : left
      if (!this.#swapIfEarlier(least, index)) return
      index = least
    }
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const { [child]: lower, [parent]: upper } = this.#entries
    if (lower === undefined || upper === undefined || lower.at >= upper.at) return false
    this.#entries[child] = upper
    this.#entries[parent] = lower
    return true
  }

  #at(index: number): number {
    return this.#entries[index]?.at ?? Number.POSITIVE_INFINITY
  }
}
