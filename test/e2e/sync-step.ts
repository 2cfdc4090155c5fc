import { openFolder } from '../../src/local/folder.ts'
import { syncFolder } from '../../src/local/sync-folder.ts'

// A sync in a process of its own, to be killed: many small segments, so that there is much to be torn apart.
const [dir = ''] = process.argv.slice(2)
const folder = await openFolder(dir)
process.stdout.write('started\n')
const { runs, problems } = await syncFolder(folder, { segmentBytes: 500_000 })
if (problems.length > 0 || runs.some(({ status }) => status !== 'Success')) {
  throw new Error(JSON.stringify({ problems, runs }))
}
