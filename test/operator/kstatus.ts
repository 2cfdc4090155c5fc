import { spawnSync } from 'node:child_process'
import { goTool } from '../../scripts/go-tool.ts'

export interface Verdict {
  status: 'InProgress' | 'Failed' | 'Current' | 'Terminating' | 'NotFound' | 'Unknown'
  message: string
}

/** How resources are by the rules of kstatus, which Flux, Helm and others wait by. */
export async function kstatus(resources: readonly object[]): Promise<Verdict[]> {
  const { stdout, stderr, status } = spawnSync(await goTool('kstatus'), {
    input: JSON.stringify(resources),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`kstatus: ${stderr}`)
  return JSON.parse(stdout)
}
