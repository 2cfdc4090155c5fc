import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Mirror, MirrorStore } from '../sync/mirror.ts'
import { readIfThere, writeAtomically } from './atomic-file.ts'

const texts = z.record(z.string(), z.string())
const mirrorFile = z.object({ order: z.string(), stamps: texts, marks: z.record(z.string(), texts).optional() })

/** Mirrors as files below `.engageops/`; one that cannot be read is as good as none. */
export class MirrorFiles implements MirrorStore {
  readonly #directory: string

  constructor(stateDir: string) {
    this.#directory = join(stateDir, 'mirror')
  }

  async read(scope: string): Promise<Mirror | undefined> {
    const text = readIfThere(this.#path(scope))
    if (text === undefined) return undefined
    try {
      return mirrorFile.parse(JSON.parse(text))
    } catch {
      return undefined
    }
  }

  async write(scope: string, mirror: Mirror): Promise<void> {
    writeAtomically(this.#path(scope), JSON.stringify(mirror))
  }

  /** The next sync of the scope looks into the warehouse again. */
  forget(scope: string): void {
    rmSync(this.#path(scope), { force: true })
  }

  /** A scope has slashes; its hash keeps apart what would be one file name without them. */
  #path(scope: string): string {
    const hash = createHash('sha256').update(scope).digest('hex').slice(0, 8)
    return join(this.#directory, `${scope.replaceAll('/', '.')}-${hash}.json`)
  }
}
