import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { expect, onTestFinished, test, vi } from 'vitest'
import { defaultAccess } from '../../src/kube/default-access.ts'
import { kubeConfigAccess } from '../../src/kube/kube-config.ts'
import { serviceAccountAccess } from '../../src/kube/service-account.ts'

async function folder(): Promise<string> {
  const it = await mkdtemp(path.join(tmpdir(), 'kube-access-'))
  onTestFinished(() => rm(it, { recursive: true }))
  return it
}

const config = (user: object) => () => {
  const it = new KubeConfig()
  it.loadFromString(
    JSON.stringify({
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'team' } }],
      clusters: [{ name: 'k', cluster: { server: 'https://10.0.0.1:6443/', 'certificate-authority-data': 'Q0E=' } }],
      users: [{ name: 'u', user }],
    }),
  )
  return it
}

test('the service account of a pod: its files are read again after a refusal and after a minute', async () => {
  const at = await folder()
  const write = (token: string) => writeFile(path.join(at, 'token'), `${token}\n`)
  await Promise.all([
    write('one'),
    writeFile(path.join(at, 'ca.crt'), 'CA'),
    writeFile(path.join(at, 'namespace'), 'ns'),
  ])
  const access = await serviceAccountAccess({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }, at)
  expect(access).toMatchObject({ server: 'https://[fd00::1]:443', namespace: 'ns' })
  const token = async () => (await access.credentials()).headers.Authorization
  expect(await access.credentials()).toEqual({ headers: { Authorization: 'Bearer one' }, tls: { ca: 'CA' } })
  await write('two')
  expect(await token()).toBe('Bearer one')
  access.invalidate()
  expect(await token()).toBe('Bearer two')
  await write('three')
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  expect(await token()).toBe('Bearer three')
})

test('a kubeconfig: certificates, token, password, whom to impersonate', async () => {
  const access = kubeConfigAccess(config({ token: 't', 'client-certificate-data': 'Yw==', 'client-key-data': 'aw==' }))
  expect(access).toMatchObject({ server: 'https://10.0.0.1:6443', namespace: 'team' })
  expect(await access.credentials()).toEqual({
    headers: { Authorization: 'Bearer t' },
    tls: { ca: Buffer.from('CA'), cert: Buffer.from('c'), key: Buffer.from('k') },
  })
  const basic = kubeConfigAccess(config({ username: 'u', password: 'p', as: 'robot' }))
  expect((await basic.credentials()).headers).toEqual({
    Authorization: `Basic ${Buffer.from('u:p').toString('base64')}`,
    'Impersonate-User': 'robot',
  })
})

test('a kubeconfig without a cluster is an error that says what to do', () => {
  expect(() => kubeConfigAccess(() => new KubeConfig())).toThrow('kubectl config use-context')
})

test('KUBECONFIG is taken where it is set', async () => {
  const file = path.join(await folder(), 'config')
  await writeFile(file, config({ token: 't' })().exportConfig())
  vi.stubEnv('KUBECONFIG', file)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  expect((await defaultAccess()).server).toBe('https://10.0.0.1:6443')
})

/** A program that writes a line each time it runs, and prints the credential with %d replaced by how often it ran. */
async function plugin(credential: object, exit = 0) {
  const at = await folder()
  const log = path.join(at, 'runs')
  const script = `echo "$KUBERNETES_EXEC_INFO" >> ${log}; n=$(wc -l < ${log} | tr -d ' '); sleep 0.1; printf '${JSON.stringify(credential)}' $n; echo problem >&2; exit ${exit}`
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script], env: null }
  return { exec, runs: async () => (await readFile(log, 'utf8')).trim().split('\n') }
}

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

test('a credential program runs once for all who ask, again after a refusal, and is told the cluster', async () => {
  const { exec, runs } = await plugin({ status: { token: 'run-%d', expirationTimestamp: inAnHour() } })
  const access = kubeConfigAccess(config({ exec }))
  const all = await Promise.all(Array.from({ length: 5 }, () => access.credentials()))
  expect(new Set(all.map(({ headers }) => headers.Authorization))).toEqual(new Set(['Bearer run-1']))
  expect(JSON.parse((await runs())[0] ?? '')).toMatchObject({ spec: { cluster: { server: 'https://10.0.0.1:6443' } } })
  access.invalidate()
  expect((await access.credentials()).headers.Authorization).toBe('Bearer run-2')
})

test('a credential is renewed half a minute before it ends', async () => {
  const soon = new Date(Date.now() + 25_000).toISOString()
  const { exec, runs } = await plugin({
    status: { clientCertificateData: 'c', clientKeyData: 'k', expirationTimestamp: soon },
  })
  const access = kubeConfigAccess(config({ exec }))
  expect((await access.credentials()).tls).toMatchObject({ cert: 'c', key: 'k' })
  await access.credentials()
  expect(await runs()).toHaveLength(2)
})

test('a credential program that fails is tried again, and its words are told', async () => {
  const { exec, runs } = await plugin({}, 3)
  const access = kubeConfigAccess(config({ exec }))
  await expect(access.credentials()).rejects.toThrow('problem')
  await expect(access.credentials()).rejects.toThrow('problem')
  expect(await runs()).toHaveLength(2)
})
