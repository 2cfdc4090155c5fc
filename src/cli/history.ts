import { EXIT } from './exit-codes.ts'
import { renderHistory } from './history-view.ts'
import { hasColour, render } from './output.ts'
import { resourcesOf, type StatusOptions } from './status.ts'

export async function run(options: StatusOptions): Promise<number> {
  const found = await resourcesOf(options)
  const resources = found.filter((resource) => resource.kind !== 'WarehouseDestination')
  const value = resources.map(({ kind, metadata: { namespace, name }, status }) => ({
    kind,
    namespace,
    name,
    history: status?.history ?? [],
    nextSyncTime: status?.nextSyncTime,
  }))
  const view = { now: new Date(), colour: hasColour(process.stdout) }
  process.stdout.write(await render(options.output, value, () => renderHistory(resources, view)))
  return EXIT.ok.code
}
