import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { goTool, hasGo } from '../../scripts/go-tool.ts'
import { writeMirror } from './mirror.ts'

/** The program of this host; undefined where there is none. */
export function installedTerraform(): string | undefined {
  const named = process.env.TERRAFORM
  if (named !== undefined) return named
  const { status } = spawnSync('terraform', ['version'], { env: { ...process.env, CHECKPOINT_DISABLE: '1' } })
  return status === 0 ? 'terraform' : undefined
}

/** Why there is no Terraform here, if there is none. OpenTofu is built in its place where there is Go. */
export function missingTerraform(): string | undefined {
  if (installedTerraform() !== undefined || hasGo()) return undefined
  return 'neither Terraform nor Go, which builds OpenTofu, is installed: put terraform on the PATH, or name it with TERRAFORM'
}

export interface Plan {
  changes: boolean
  /** As a user sees it. */
  text: string
}

/** Terraform, with the providers of our mirror. */
export class Terraform implements AsyncDisposable {
  readonly program: string
  /** Where the mirror is. */
  readonly #home: string
  readonly #stack: string
  readonly #env: Readonly<Record<string, string>>

  private constructor(program: string, home: string, stack: string, env: Readonly<Record<string, string>>) {
    this.program = program
    this.#home = home
    this.#stack = stack
    this.#env = env
  }

  /** In the folder of a stack that is there, or in one that `write` fills; with variables of the environment. */
  static async create(stack?: string, env: Readonly<Record<string, string>> = {}): Promise<Terraform> {
    const home = await mkdtemp(path.join(tmpdir(), 'terraform-'))
    const TF_CLI_CONFIG_FILE = await writeMirror(home)
    const program = installedTerraform() ?? (await goTool('opentofu'))
    return new Terraform(program, home, stack ?? home, { TF_CLI_CONFIG_FILE, ...env })
  }

  /** Has this be the stack, in Terraform's JSON. */
  async write(stack: object): Promise<void> {
    await writeFile(path.join(this.#stack, 'main.tf.json'), JSON.stringify(stack))
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

  /** The schemas that the providers of the stack say they have, by source, such as `hashicorp/kubernetes`. */
  async schemas(): Promise<Map<string, unknown>> {
    const { provider_schemas } = JSON.parse(await this.#run('providers', 'schema', '-json'))
    return new Map(
      Object.entries(provider_schemas).map(([source, schema]) => [source.split('/').slice(1).join('/'), schema]),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#home, { recursive: true })
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
        this.program,
        [command, ...flags, ...args],
        {
          cwd: this.#stack,
          maxBuffer: 64 << 20,
          env: {
            ...process.env,
            TF_IN_AUTOMATION: '1',
            CHECKPOINT_DISABLE: '1',
            ...this.#env,
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
