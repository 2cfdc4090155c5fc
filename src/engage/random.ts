const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Random numbers that a seed decides, the same on every machine (mulberry32). Not for secrets. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** An integer from 0 to below the limit, which is at most 2^32. */
  below(limit: number): number {
    return Math.floor((this.#next() / 0x1_0000_0000) * limit)
  }

  /** An integer from `first` to `last`, both possible. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }

  chance(probability: number): boolean {
    return this.#next() < probability * 0x1_0000_0000
  }

  /** Letters and digits, as in Segment's ids. */
  id(length: number): string {
    let text = ''
    for (let i = 0; i < length; i++) text += DIGITS[this.below(DIGITS.length)]
    return text
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
