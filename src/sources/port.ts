import type { SecretKeyReference } from '../model/resource.ts'
import type { Dated, Marks } from './listing.ts'

/** Where calls come from: objects (files) of lines, each line one call as JSON. */
export interface Source extends AsyncDisposable {
  readonly name: string
  /**
   * What there is to read, in no particular order; of objects with a date, a source may leave out those behind the marks.
   * Throws EngageError SourceUnreachable.
   */
  list(marks?: Marks): Promise<SourceObject[]>
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
  /** Where its key puts it in time, if the source goes by that. */
  dated?: Dated
}

/** What a source may ask of its surroundings. */
export interface SourceEnvironment {
  /** Folder that relative directories are relative to: that of the manifest. Absent in a cluster. */
  baseDir?: string
  /** Folder below which the volume of each source is mounted, whole, at the source's name. Absent outside a cluster. */
  volumesDir?: string
  /** Reads a secret at the moment of use. Throws EngageError SecretNotFound. */
  secret(reference: SecretKeyReference): Promise<string>
  /** Stops requests that are under way. */
  signal?: AbortSignal
}
