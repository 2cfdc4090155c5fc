import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { FRAMEWORKS, type Framework, packConstructs } from '../../scripts/pack.ts'

const run = promisify(execFile)

declare module 'vitest' {
  interface ProvidedContext {
    /** Projects that have installed the package for a framework. */
    projects: Record<Framework, string>
    /** The packages themselves. */
    packages: Record<Framework, string>
  }
}

/** Packs the constructs, and installs each package in a project of its own, as a user would. */
export async function setup(project: TestProject): Promise<() => void> {
  const packages = await packConstructs()
  const folder = mkdtempSync(path.join(tmpdir(), 'constructs-'))
  const projects = { cdktf: path.join(folder, 'cdktf'), cdktn: path.join(folder, 'cdktn') }
  for (const framework of ['cdktf', 'cdktn'] as const) {
    await install(projects[framework], packages[framework], Object.keys(FRAMEWORKS[framework].peers))
  }
  project.provide('projects', projects)
  project.provide('packages', packages)
  return () => rmSync(folder, { recursive: true })
}

/** Without a registry: peers are those of this repository. */
async function install(folder: string, tgz: string, peers: string[]): Promise<void> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), '{"private": true}')
  await run('npm', ['install', '--offline', '--legacy-peer-deps', '--no-audit', '--no-fund', tgz], { cwd: folder })
  for (const peer of peers) {
    symlinkSync(path.join(import.meta.dirname, '../../node_modules', peer), path.join(folder, 'node_modules', peer))
  }
}
