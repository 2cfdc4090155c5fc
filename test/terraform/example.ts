import { exec, execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Framework } from '../../scripts/pack.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const MODULES = path.join(ROOT, 'node_modules')

/** The project of examples/cdktf with its packages installed, in a folder of its own. */
export class Example implements AsyncDisposable {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  /** For the other framework it is what a user makes of it: other packages are imported. */
  static async create(framework: Framework, packed: string): Promise<Example> {
    const example = new Example(await mkdtemp(path.join(tmpdir(), 'example-')))
    await cp(path.join(ROOT, 'examples/cdktf'), example.folder, { recursive: true })
    for (const file of await readdir(example.folder)) await example.#rename(file, framework)
    await example.#install(`@engageops/${framework}`, packed)
    for (const peer of [framework, 'constructs', '@types/node']) await example.#link(peer, path.join(MODULES, peer))
    // The TypeScript of jsii, as users of CDK for Terraform have it.
    const jsii = createRequire(createRequire(import.meta.url).resolve('jsii'))
    await example.#link('typescript', path.join(jsii.resolve('typescript'), '../..'))
    await example.#link('.bin/tsc', path.join(jsii.resolve('typescript'), '../../bin/tsc'))
    return example
  }

  async write(file: string, text: string): Promise<void> {
    await writeFile(path.join(this.folder, file), text)
  }

  /** Puts other text into a file, in the place of this. */
  async edit(file: string, before: string, after: string): Promise<void> {
    const text = await readFile(path.join(this.folder, file), 'utf8')
    if (!text.includes(before)) throw new Error(`${file} has no ${before}`)
    await this.write(
      file,
      text.replace(before, () => after),
    )
  }

  /** Runs its tests, and returns what they print. */
  async test(): Promise<string> {
    return await this.run('npm test')
  }

  /** Synthesizes as the CLI of the framework does, with this context. Returns the folder of the stack. */
  async synth(context: object): Promise<string> {
    const { app } = JSON.parse(await readFile(path.join(this.folder, 'cdktf.json'), 'utf8'))
    await this.run(app, { CDKTF_CONTEXT_JSON: JSON.stringify({ engage: context }) })
    return path.join(this.folder, 'cdktf.out/stacks/engage')
  }

  /** Runs a command in the folder, by a shell. */
  async run(command: string, env: Record<string, string> = {}): Promise<string> {
    // The Node of the tests, for users may have one of 20.12 or newer.
    const PATH = `${path.dirname(process.execPath)}:${process.env.PATH}`
    try {
      const { stdout } = await promisify(exec)(command, { cwd: this.folder, env: { ...process.env, PATH, ...env } })
      return stdout
    } catch (error) {
      const { stdout, stderr } = Object(error)
      throw new Error(`${command}:\n${stdout}${stderr}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true })
  }

  async #rename(file: string, framework: Framework): Promise<void> {
    const text = await readFile(path.join(this.folder, file), 'utf8')
    await this.write(file, text.replaceAll(/(['"])(@engageops\/)?cdktf\1/g, `$1$2${framework}$1`))
  }

  async #install(name: string, packed: string): Promise<void> {
    const folder = path.join(this.folder, 'node_modules', name)
    await mkdir(folder, { recursive: true })
    await promisify(execFile)('tar', [
      '--extract',
      '--gzip',
      `--file=${packed}`,
      `--directory=${folder}`,
      '--strip-components=1',
    ])
  }

  async #link(name: string, target: string): Promise<void> {
    const link = path.join(this.folder, 'node_modules', name)
    await mkdir(path.dirname(link), { recursive: true })
    await symlink(target, link)
  }
}
