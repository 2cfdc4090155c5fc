// Builds what tests need of Go beforehand, one after the other: Kubernetes and the tools in test/tools. Once on a machine.
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { buildProcesses } from '../test/kubernetes/build.ts'
import { goTool } from './go-tool.ts'

const tools = readdirSync(path.join(import.meta.dirname, '../test/tools')).sort()

await build('kubernetes', buildProcesses)
for (const tool of tools) await build(tool, () => goTool(tool))

async function build(name: string, work: () => Promise<string>): Promise<void> {
  const start = performance.now()
  await work()
  console.log(`${name.padEnd(12)} ${((performance.now() - start) / 1000).toFixed(1)} s`)
}
