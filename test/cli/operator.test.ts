import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { freePorts } from '../kubernetes/control-plane.ts'

const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts')

/** What becomes of an operator whose API server is not there. */
function operator(...flags: string[]) {
  const folder = mkdtempSync(path.join(tmpdir(), 'engageops-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const config = {
    'current-context': 'none',
    clusters: [{ name: 'none', cluster: { server: 'http://127.0.0.1:1' } }],
    contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
    users: [{ name: 'none', user: { token: 'none' } }],
  }
  const kubeconfig = path.join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, JSON.stringify(config))
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'operator', '--sync-image', 'x', ...flags], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, stderr }
}

test.each([
  [['--selector', 'a b c'], "argument 'a b c' is invalid. Write labels such as"],
  [['--selector', ''], "argument '' is invalid. Write labels such as"],
  [['--metrics-port', '0'], "argument '0' is invalid. Write a whole number, 1 or more"],
  [['--health-port', '65536'], "argument '65536' is invalid. Write a port, 65535 or less"],
  [['--health-port', '8080'], '--metrics-port and --health-port are both 8080: give each a port of its own'],
])('a wrong command line is a usage error: %j', (flags, message) => {
  const { status, stderr } = operator(...flags)
  expect(stderr).toContain(message)
  expect(status).toBe(EXIT.usage.code)
})

test.each([
  ['--health-port', '--metrics-port'],
  ['--metrics-port', '--health-port'],
])('%s that is taken ends it, and says so', async (flag, other) => {
  const [free] = await freePorts(1)
  const server = createServer().listen(0)
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  const { status, stderr } = operator(flag, `${address.port}`, other, `${free}`)
  expect(stderr).toMatch(/^error: cannot serve \/.*EADDRINUSE.*: choose a port that is free$/m)
  expect(stderr).toContain(`${flag}): `)
  expect(status).toBe(EXIT.failed.code)
})
