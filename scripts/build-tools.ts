// Builds what tests need of Go, Python and Java beforehand: Kubernetes, the tools in test/tools, and the
// packages of test servers. Once on a machine.
import { globSync } from 'node:fs'
import path from 'node:path'
import { buildProcesses } from '../test/kubernetes/build.ts'
import { installedTerraform } from '../test/terraform/terraform.ts'
import { mavenJars } from '../test/tools/maven-jars.ts'
import { pythonVenv } from '../test/tools/python-venv.ts'
import { goTool } from './go-tool.ts'

const test = path.join(import.meta.dirname, '../test')
const foldersOf = (files: string): string[] => globSync(files, { cwd: test }).map(path.dirname).sort()

// Compilers take all cores, and packages wait for the network: both at once.
await Promise.all([compileTools(), fetchPackages()])

async function compileTools(): Promise<void> {
  await build('kubernetes', buildProcesses)
  const tools = foldersOf('tools/*/go.mod').map((folder) => path.basename(folder))
  // It stands in for Terraform where there is none.
  const needed = installedTerraform() === undefined ? tools : tools.filter((tool) => tool !== 'opentofu')
  for (const tool of needed) await build(tool, () => goTool(tool))
}

async function fetchPackages(): Promise<void> {
  for (const folder of foldersOf('warehouses/*/requirements.txt')) {
    await build(path.basename(folder), () => pythonVenv(path.join(test, folder)))
  }
  for (const folder of foldersOf('warehouses/*/pom.xml')) {
    await build(path.basename(folder), () => mavenJars(path.join(test, folder)))
  }
}

async function build(name: string, work: () => Promise<string>): Promise<void> {
  const start = performance.now()
  await work()
  console.log(`${name.padEnd(12)} ${((performance.now() - start) / 1000).toFixed(1)} s`)
}
