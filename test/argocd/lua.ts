import { spawnSync } from 'node:child_process'
import { goTool } from '../../scripts/go-tool.ts'

/** A script, and the resource that it finds as `obj`. */
export interface Job {
  script: string
  obj: unknown
}

export type Outcome = { result: unknown } | { error: string }

/** Runs scripts on the Lua that Argo CD has, with the few libraries that it gives to customizations. */
export async function runLua(jobs: readonly Job[]): Promise<Outcome[]> {
  const { stdout, stderr, status } = spawnSync(await goTool('lua'), {
    input: JSON.stringify(jobs),
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  if (status !== 0) throw new Error(`lua: ${stderr}`)
  return JSON.parse(stdout)
}
