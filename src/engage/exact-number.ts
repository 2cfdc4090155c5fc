import { plainDecimal } from './decimal.ts'

/**
 * A number whose JSON text a JavaScript number cannot hold: an integer beyond 2^53, a long decimal, 1e400. It stands in
 * a parsed call in place of the number and gives its text back. Its own string tag keeps mapping-kit from copying it
 * as if it were a plain object.
 */
export class ExactNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  get [Symbol.toStringTag](): string {
    return 'ExactNumber'
  }

  toJSON(): unknown {
    return JSON.rawJSON(this.text)
  }

  /** Plain decimal digits; the text as it stands where those would be too many. */
  toString(): string {
    return plainDecimal(this.text) ?? this.text
  }
}

declare global {
  interface JSON {
    /** JSON text that JSON.stringify puts out as it stands (ECMAScript proposal JSON.parse source text access). */
    rawJSON(text: string): object
    parse(
      text: string,
      reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown
  }
}
