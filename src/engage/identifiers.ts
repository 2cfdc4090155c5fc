/** What a warehouse allows an identifier to be. */
export interface IdentifierRules {
  /** Longest identifier, in UTF-8 bytes. */
  maxBytes: number
  /** Words that get a `_` prefix; lower case. Empty where quoting is enough. */
  reserved: ReadonlySet<string>
}
