import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { writeMirror } from './mirror.ts'

/** The program: Terraform, or OpenTofu. */
const PROGRAM = process.env.TERRAFORM ?? 'terraform'

/** Why there is no Terraform here, if there is none. */
export function missingTerraform(): string | undefined {
  const { status } = spawnSync(PROGRAM, ['version'], { env: { ...process.env, CHECKPOINT_DISABLE: '1' } })
  return status === 0 ? undefined : `${PROGRAM} is not installed: put it on the PATH, or name it with TERRAFORM`
}

export interface Plan {
  changes: boolean
  /** As a user sees it. */
  text: string
}

/** Terraform in a folder of its own, with the providers of our mirror. */
export class Terraform implements AsyncDisposable {
  readonly folder: string
  readonly #configuration: string

  private constructor(folder: string, configuration: string) {
    this.folder = folder
    this.#configuration = configuration
  }

  static async create(): Promise<Terraform> {
    const folder = await mkdtemp(path.join(tmpdir(), 'terraform-'))
    return new Terraform(folder, await writeMirror(folder))
  }

  /** Has `stack` be the configuration of the folder, in Terraform's JSON. */
  async write(stack: object | string): Promise<void> {
    const text = typeof stack === 'string' ? stack : JSON.stringify(stack)
    await writeFile(path.join(this.folder, 'main.tf.json'), text)
  }

  init = () => this.#run('init')
  validate = () => this.#run('validate')
  apply = () => this.#run('apply', '-auto-approve')
  destroy = () => this.#run('destroy', '-auto-approve')
  import = (address: string, id: string) => this.#run('import', address, id)

  async plan(): Promise<Plan> {
    const { code, text } = await this.#exec('plan', '-detailed-exitcode')
    if (code !== 0 && code !== 2) throw new Error(`terraform plan:\n${text}`)
    return { changes: code === 2, text }
  }

  /** What the root module's state has, by address. */
  async state(): Promise<Map<string, Record<string, unknown>>> {
    const { values }: TerraformState = JSON.parse(await this.#run('show', '-json'))
    return new Map(values?.root_module.resources?.map(({ address, values }) => [address, values]))
  }

  async outputs(): Promise<Record<string, unknown>> {
    const outputs: Record<string, { value: unknown }> = JSON.parse(await this.#run('output', '-json'))
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]))
  }

  /** The schemas that the providers of the stack say they have, by source. */
  async schemas(): Promise<Record<string, unknown>> {
    const { provider_schemas } = JSON.parse(await this.#run('providers', 'schema', '-json'))
    return provider_schemas
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true })
  }

  /** What it prints; an error has that, too. */
  async #run(command: string, ...args: string[]): Promise<string> {
    const { code, text } = await this.#exec(command, ...args)
    if (code !== 0) throw new Error(`terraform ${command}:\n${text}`)
    return text
  }

  async #exec(command: string, ...args: string[]): Promise<{ code: number; text: string }> {
    const flags = args.includes('-json') ? [] : ['-no-color', ...(INTERACTIVE.has(command) ? ['-input=false'] : [])]
    return await new Promise((resolve) => {
      execFile(
        PROGRAM,
        [command, ...flags, ...args],
        {
          cwd: this.folder,
          maxBuffer: 64 << 20,
          env: {
            ...process.env,
            TF_CLI_CONFIG_FILE: this.#configuration,
            TF_IN_AUTOMATION: '1',
            CHECKPOINT_DISABLE: '1',
          },
        },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
          resolve({ code, text: `${stdout}${stderr}` })
        },
      )
    })
  }
}

const INTERACTIVE = new Set(['init', 'plan', 'apply', 'destroy', 'import'])

interface TerraformState {
  values?: { root_module: { resources?: { address: string; values: Record<string, unknown> }[] } }
}
