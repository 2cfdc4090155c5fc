import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

/** A git repository in a folder; it needs no settings of this host. */
export class Repository {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async create(folder: string): Promise<Repository> {
    const repository = new Repository(folder)
    await mkdir(folder, { recursive: true })
    await repository.#git('init', '--quiet', '--initial-branch=main')
    return repository
  }

  get url(): string {
    return `file://${this.#folder}`
  }

  /** Writes files, by their paths in the repository, and commits them. Returns the commit. */
  async commit(files: ReadonlyMap<string, string>): Promise<string> {
    for (const [name, text] of files) {
      const file = path.join(this.#folder, name)
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, text)
    }
    await this.#git('add', '--all')
    await this.#git('-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '--message=test')
    return (await this.#git('rev-parse', 'HEAD')).trim()
  }

  async #git(...args: string[]): Promise<string> {
    return (await promisify(execFile)('git', ['-C', this.#folder, ...args])).stdout
  }
}
