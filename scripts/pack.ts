// Writes what users of CDK for Terraform install: dist/packages/engageops-cdktf-VERSION.tgz, and engageops-cdktn-VERSION.tgz, which is
// of the same source for cdktn. jsii compiles them and refuses an API that is not clean for it.
import { execFile } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { rolldown } from 'rolldown'
import { version } from '../src/cli/version.ts'

const run = promisify(execFile)
const root = path.join(import.meta.dirname, '..')
const source = path.join(root, 'src/cdktf')
const packages = path.join(root, 'dist/packages')
const jsii = createRequire(import.meta.url).resolve('jsii/bin/jsii')

/** The frameworks that constructs are packed for, each with what its users must have. */
export const FRAMEWORKS = {
  cdktf: { title: 'CDK for Terraform', peers: { cdktf: '>=0.21.0 <1', constructs: '^10.4.2' } },
  cdktn: { title: 'CDK Terrain', peers: { cdktn: '>=0.24.0 <1', constructs: '>=10.6.0 <10.8.0' } },
}
export type Framework = keyof typeof FRAMEWORKS

/** What goes into model.js beside our own code. */
const BUNDLED = ['zod', 'croner']

/** Packs the constructs for each framework, one after the other: the paths of the packages. */
export async function packConstructs(): Promise<Record<Framework, string>> {
  const model = await bundleModel()
  return { cdktf: await pack('cdktf', model), cdktn: await pack('cdktn', model) }
}

/** The model as one CommonJS file without dependencies. */
async function bundleModel(): Promise<string> {
  const bundle = await rolldown({
    input: path.join(root, 'src/synth/model.ts'),
    platform: 'node',
    transform: { target: 'node20' },
  })
  const { output } = await bundle.generate({ format: 'cjs', minify: true })
  await bundle.close()
  return output[0].code
}

async function pack(framework: Framework, model: string): Promise<string> {
  const folder = path.join(packages, framework)
  rmSync(folder, { recursive: true, force: true })
  for (const file of globSync('**/*.ts', { cwd: source })) {
    write(path.join(folder, 'src', file), sourceFor(framework, readFileSync(path.join(source, file), 'utf8')))
  }
  const manifest = packageJson(framework)
  write(path.join(folder, 'README.md'), readme(framework))
  write(path.join(folder, 'package.json'), json({ ...manifest, ...FOR_JSII }))
  await run(process.execPath, [jsii, '--silence-warnings=reserved-word'], { cwd: folder }).catch((error) => {
    throw new Error(`jsii refuses the constructs for ${framework}:\n${error.stdout}${error.stderr}`)
  })
  for (const file of globSync('lib/**/*.js', { cwd: folder })) withoutSourceMap(path.join(folder, file))
  write(path.join(folder, 'package.json'), json(manifest))
  write(path.join(folder, 'lib/model.js'), model)
  cpSync(path.join(source, 'model.d.ts'), path.join(folder, 'lib/model.d.ts'))
  cpSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'))
  write(path.join(folder, 'THIRD-PARTY-LICENSES'), BUNDLED.map(licenseOf).join('\n'))
  const { stdout } = await run('npm', ['pack', folder, '--silent', '--pack-destination', packages])
  return path.join(packages, stdout.trim())
}

const sourceFor = (framework: Framework, text: string) => text.replaceAll("from 'cdktf'", `from '${framework}'`)

const packageJson = (framework: Framework) => ({
  name: `@engageops/${framework}`,
  version: version(),
  description: `Segment Engage in your data warehouse as code: constructs of EngageOps for ${FRAMEWORKS[framework].title}`,
  keywords: ['cdktf', 'cdktn', 'terraform', 'constructs', 'segment', 'engage', 'data-warehouse', 'kubernetes'],
  license: 'Apache-2.0',
  main: 'lib/index.js',
  types: 'lib/index.d.ts',
  files: ['lib/**/*.js', 'lib/**/*.d.ts', 'THIRD-PARTY-LICENSES'],
  engines: { node: '>=20.12' },
  peerDependencies: FRAMEWORKS[framework].peers,
})

/** What jsii wants to know of a package that other languages could be made of. */
const FOR_JSII = {
  author: { name: 'EngageOps' },
  repository: { type: 'git', url: 'https://engageops.dev' },
  stability: 'experimental',
  jsii: { outdir: 'dist', targets: {}, tsc: { rootDir: 'src', outDir: 'lib' } },
}

const readme = (framework: Framework) => `# @engageops/${framework}

${packageJson(framework).description}.

    npm install @engageops/${framework} ${Object.keys(FRAMEWORKS[framework].peers).join(' ')}

\`\`\`ts
import { App, TerraformStack } from '${framework}'
import { EngageSpace, kubernetes, Warehouse, WarehouseDestination } from '@engageops/${framework}'

const app = new App()
const stack = new TerraformStack(app, 'engage')
new kubernetes.provider.KubernetesProvider(stack, 'kubernetes', { configPath: '~/.kube/config' })

const warehouse = new WarehouseDestination(stack, 'warehouse', {
  warehouse: Warehouse.postgres({
    host: 'db.example.com',
    database: 'analytics',
    username: 'engageops',
    passwordSecretRef: { name: 'warehouse', key: 'password' },
  }),
})
const space = new EngageSpace(stack, 'default', { spaceName: 'default' })
space.connect(warehouse)
const activation = warehouse.activate('vip', { computation: space.addAudience('vip'), classic: {} })
console.log(activation.tables) // engage_default.identifies, users, audience_entered, audience_exited

app.synth()
\`\`\`

Mistakes are errors at compile time or at synthesis, each with the path of its construct and what to write instead.
\`EngageDefaults\` sets namespace, labels and backend (\`kubernetes_manifest\`, \`kubectl_manifest\` or plain YAML) of a whole stack.
`

const licenseOf = (name: string) =>
  `${name}, in lib/model.js\n\n${readFileSync(path.join(root, 'node_modules', name, 'LICENSE'), 'utf8')}`

/** jsii puts maps with the sources into its output, which is half of it. */
const withoutSourceMap = (file: string) =>
  write(file, readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, ''))

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text)
}

if (import.meta.main) {
  for (const packed of Object.values(await packConstructs())) console.log(path.relative(root, packed))
}
