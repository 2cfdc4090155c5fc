import type { EngageResource } from '../model/kinds.ts'
import { EXIT } from './exit-codes.ts'
import { openManifests } from './manifests.ts'
import { hasColour, type OutputFormat, render } from './output.ts'
import { renderStatus } from './status-view.ts'

export interface StatusOptions {
  filename: string[]
  secrets?: string
  namespace?: string
  output: OutputFormat
}

export async function run(options: StatusOptions): Promise<number> {
  const resources = await resourcesOf(options)
  const view = { now: new Date(), colour: hasColour(process.stdout) }
  process.stdout.write(await render(options.output, resources, () => renderStatus(resources, view)))
  return EXIT.ok.code
}

/** The resources of the namespace, or of all, with their status as the last apply and sync left it. */
export async function resourcesOf(options: StatusOptions): Promise<EngageResource[]> {
  const { store } = await openManifests(options)
  const { namespace } = options
  const found = store.all().filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
  if (found.length === 0) process.stderr.write(`No resources found${namespace ? ` in namespace ${namespace}` : ''}.\n`)
  return found
}
