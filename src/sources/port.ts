/** Where calls come from: objects (files) of lines, each line one call as JSON. */
export interface Source extends AsyncDisposable {
  readonly name: string
  /** What there is to read, in no particular order. Throws EngageError SourceUnreachable. */
  list(): Promise<SourceObject[]>
  /** The object's bytes from an offset of the decompressed content, in pieces of any size. */
  open(object: SourceObject, from: number): AsyncIterable<Buffer>
}

export interface SourceObject {
  /** Stable name within the source, such as the path below its folder. */
  key: string
  /** Changes when the content was replaced; stays when a file only grew. */
  version: string
  /** A stamp that differs whenever there may be something new to read: it lets a sync skip without opening. */
  stamp: string
  /** Size in bytes of the stored (perhaps compressed) form, for progress. */
  bytes: number
  /** Whether it may still grow: then a last line without line end waits. */
  growing: boolean
}
