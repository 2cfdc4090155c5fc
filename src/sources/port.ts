/** Where calls come from: objects (files) of lines, each line one call as JSON. */
export interface Source extends AsyncDisposable {
  readonly name: string
  /** What there is to read, in no particular order. Throws EngageError SourceUnreachable. */
  list(): Promise<SourceObject[]>
  /**
   * Tells two contents of one key apart: it changes when the content was replaced, not when a file only grew. Throws
   * EngageError SourceUnreadable, as `open` does.
   */
  version(object: SourceObject): Promise<string>
  /** The decompressed bytes from an offset on, in pieces of any size; each is only valid until the next is asked for. */
  open(object: SourceObject, from: number): AsyncIterable<Buffer>
}

export interface SourceObject {
  /** Stable name within the source, such as the path below its folder. */
  key: string
  /** Differs whenever there may be something new to read: it lets a sync skip the object without opening it. */
  stamp: string
  /** Size in bytes of the stored (perhaps compressed) form, for progress. */
  bytes: number
  /** Whether it may still grow: then a last line without line end waits for the next run. */
  growing: boolean
}
