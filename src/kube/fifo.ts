/** First in, first out; each item at most once. Every operation takes the same short time, however many wait. */
export class Fifo<T> {
  readonly #items = new Set<T>()
  // An iterator of a Set goes on to what is added later. One that is kept does not pass the gaps of old items again.
  #next = this.#items.values()

  get size(): number {
    return this.#items.size
  }

  /** An item that waits already keeps its place. */
  push(item: T): void {
    this.#items.add(item)
  }

  delete(item: T): void {
    this.#items.delete(item)
  }

  shift(): T | undefined {
    let { done, value } = this.#next.next()
    if (done) {
      this.#next = this.#items.values()
      ;({ done, value } = this.#next.next())
    }
    if (value !== undefined) this.#items.delete(value)
    return value
  }
}
