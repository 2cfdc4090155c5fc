import { execFile } from 'node:child_process'
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, inject, test } from 'vitest'
import { FRAMEWORKS, type Framework } from '../../scripts/pack.ts'
import type * as declared from '../../src/cdktf/model.d.ts'
import * as model from '../../src/synth/model.ts'

const run = promisify(execFile)
const root = path.join(import.meta.dirname, '../..')
const require = createRequire(import.meta.url)
/** The two compilers that users may have: TypeScript 5.9 is jsii's. */
const COMPILERS = {
  'TypeScript 5.9': createRequire(require.resolve('jsii/package.json')).resolve('typescript/lib/tsc.js'),
  'TypeScript 7': path.join(root, 'node_modules/typescript/bin/tsc'),
}
/** How they find packages, each with the options for it. */
const SETTINGS: [keyof typeof COMPILERS, settings: string[]][] = [
  ['TypeScript 5.9', ['--module', 'commonjs', '--moduleResolution', 'node10', '--target', 'es2020']],
  ['TypeScript 5.9', ['--module', 'nodenext', '--target', 'es2022']],
  ['TypeScript 7', ['--module', 'nodenext', '--target', 'es2022']],
  ['TypeScript 7', ['--module', 'preserve', '--target', 'es2022']],
]

test('the declared types of the bundled model are those that it has', () => {
  const same: typeof declared = model
  expect(Object.keys(same).toSorted()).toEqual(Object.keys(model).toSorted())
})

describe.each(['cdktf', 'cdktn'] as const)('the package for %s', (framework) => {
  const project = () => inject('projects')[framework]
  const folder = () => path.join(project(), 'node_modules/@engageops', framework)
  const files = () => globSync('**/*', { cwd: folder() }).filter((file) => isFile(path.join(folder(), file)))

  test('is below 1 MB, and is called as its version', () => {
    const size = files().reduce((sum, file) => sum + statSync(path.join(folder(), file)).size, 0)
    expect(size).toBeLessThan(1_000_000)
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    expect(path.basename(inject('packages')[framework])).toBe(`engageops-${framework}-${version}.tgz`)
  })

  test('depends on nothing but its peers', () => {
    const manifest = JSON.parse(readFileSync(path.join(folder(), 'package.json'), 'utf8'))
    expect(manifest).toMatchObject({ name: `@engageops/${framework}`, peerDependencies: FRAMEWORKS[framework].peers })
    expect(manifest).not.toHaveProperty('dependencies')
    const required = files()
      .filter((file) => file.endsWith('.js'))
      .flatMap((file) => [
        ...readFileSync(path.join(folder(), file), 'utf8').matchAll(/require\([`'"]([^.`'"][^`'"]*)/g),
      ])
      .map(([, specifier]) => specifier)
    expect([...new Set(required)].toSorted()).toEqual(
      [framework, 'constructs', 'crypto', 'node:crypto'].filter((name) => required.includes(name)).toSorted(),
    )
  })

  test('carries the licences of what is bundled into it', () => {
    const licences = readFileSync(path.join(folder(), 'THIRD-PARTY-LICENSES'), 'utf8')
    for (const name of ['zod', 'croner']) expect(licences).toContain(`${name}, in lib/model.js`)
  })

  test('has no trace of the other framework', () => {
    const other: Framework = framework === 'cdktf' ? 'cdktn' : 'cdktf'
    for (const file of files().filter((name) => /^lib\/.*\.(js|d\.ts)$/.test(name))) {
      expect(readFileSync(path.join(folder(), file), 'utf8')).not.toMatch(
        new RegExp(`(from |require\\()["']${other}["']`),
      )
    }
  })

  test('can be imported by an ES module', async () => {
    const file = path.join(project(), 'app.mjs')
    writeFileSync(
      file,
      `import { App, TerraformStack } from '${framework}'
import { EngageManifests, EngageSpace, kubernetes } from '@engageops/${framework}'
const stack = new TerraformStack(new App(), 'main')
new kubernetes.provider.KubernetesProvider(stack, 'kubernetes')
new EngageSpace(stack, 'space', { spaceName: 'default' })
process.stdout.write(EngageManifests.toYaml(stack))
`,
    )
    const { stdout } = await run(process.execPath, [file], { cwd: project() })
    expect(stdout).toContain('kind: EngageSpace')
  })

  test('does what its README says', async () => {
    const [, example = ''] = /```ts\n(.*?)```/s.exec(readFileSync(path.join(folder(), 'README.md'), 'utf8')) ?? []
    writeFileSync(path.join(project(), 'readme.mjs'), example)
    const { stdout } = await run(process.execPath, ['readme.mjs'], { cwd: project() })
    for (const table of ['identifies', 'users', 'audience_entered', 'audience_exited']) expect(stdout).toContain(table)
    const stack = JSON.parse(readFileSync(path.join(project(), 'cdktf.out/stacks/engage/cdk.tf.json'), 'utf8'))
    expect(Object.keys(stack.resource.kubernetes_manifest)).toContain('engagespace_default_default')
  })

  test.each(SETTINGS)('compiles in %s with %j, and wrong props do not', async (compiler, settings) => {
    for (const fixture of ['right', 'wrong']) {
      const text = readFileSync(path.join(import.meta.dirname, 'fixtures', `${fixture}.txt`), 'utf8')
      writeFileSync(path.join(project(), `${fixture}.ts`), text.replaceAll('FRAMEWORK', framework))
    }
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--types', '--typeRoots', 'none', ...settings]
    const compile = run(process.execPath, [COMPILERS[compiler], ...options, 'right.ts', 'wrong.ts'], { cwd: project() })
    await expect(
      compile.then(
        () => '',
        ({ stdout }) => stdout,
      ),
    ).resolves.toBe('')
  })
})

const isFile = (file: string) => statSync(file).isFile()
