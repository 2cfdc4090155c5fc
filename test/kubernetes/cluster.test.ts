import { once } from 'node:events'
import { createServer } from 'node:http'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { KINDS } from '../../src/model/resource.ts'
import { ACTIONS, manifest } from '../model/manifests.ts'
import { eventually } from './eventually.ts'
import { PROJECT_IMAGE } from './image.ts'
import { describeOnCluster, describeOnControlPlane, describeOnNode } from './on-cluster.ts'

const QUICKSTART = path.join(import.meta.dirname, '../../examples/quickstart')

/** A Job's or a CronJob's pod, as strict as those of syncs. */
const template = (script: string) => ({
  spec: {
    restartPolicy: 'Never',
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'main',
        image: PROJECT_IMAGE,
        imagePullPolicy: 'Never',
        command: ['node', '--eval', script],
        resources: { limits: { memory: '128Mi', cpu: '1' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  },
})
const job = (name: string, script: string) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: { backoffLimit: 0, template: template(script) },
})
const cronJob = (name: string, script: string) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name },
  spec: { schedule: '0 0 1 1 *', timeZone: 'Europe/Berlin', jobTemplate: { spec: job(name, script).spec } },
})

describeOnCluster('a cluster', (cluster) => {
  test('serves our kinds, with their status', async () => {
    const { kubectl } = cluster()
    const kinds = await kubectl(['api-resources', '--api-group=engageops.dev', '--output=name'])
    expect(kinds.trim().split('\n').sort()).toEqual(KINDS.map((kind) => `${kind.toLowerCase()}s.engageops.dev`).sort())
  })

  test('takes the examples', async () => {
    const { kubectl } = cluster()
    await kubectl(['apply', '--validate=strict', `--filename=${QUICKSTART}`])
    const activations = await kubectl(['get', 'activations', '--output=name'])
    expect(activations.trim().split('\n')).toHaveLength(4)
  })

  test('lets a service account do what a role says, and nothing else', async () => {
    const { kubectl, namespace } = cluster()
    await kubectl(['create', 'serviceaccount', 'reader'])
    const token = (await kubectl(['create', 'token', 'reader'])).trim()
    const asReader = (...args: string[]) => kubectl([`--token=${token}`, ...args])
    await expect(asReader('get', 'activations')).rejects.toThrow(
      `User "system:serviceaccount:${namespace}:reader" cannot list resource "activations"`,
    )
    await kubectl(['create', 'role', 'reader', '--verb=list', '--resource=activations.engageops.dev'])
    await kubectl(['create', 'rolebinding', 'reader', '--role=reader', `--serviceaccount=${namespace}:reader`])
    await eventually('the right to list', 10, async () => {
      await asReader('get', 'activations')
      return true
    })
    await expect(asReader('get', 'secrets')).rejects.toThrow('cannot list resource "secrets"')
  })

  test('deletes a namespace with all that is in it', async () => {
    const { kubectl, namespace } = cluster()
    const other = `${namespace}-other`
    await kubectl(['create', 'namespace', other])
    await kubectl(
      ['create', `--namespace=${other}`, '--filename=-'],
      JSON.stringify(manifest('Activation', ACTIONS, { namespace: other })),
    )
    await kubectl(['delete', 'namespace', other, '--timeout=60s'])
    expect(await kubectl(['get', 'namespace', other, '--ignore-not-found'])).toBe('')
  })

  test('collects what belongs to a resource that is gone', async () => {
    const { kubectl, apply } = cluster()
    await apply(manifest('Activation', ACTIONS, { name: 'owner' }))
    const uid = await kubectl(['get', 'activation', 'owner', '--output=jsonpath={.metadata.uid}'])
    const owner = { apiVersion: 'engageops.dev/v1alpha1', kind: 'Activation', name: 'owner', uid }
    await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owned', ownerReferences: [owner] } })
    await kubectl(['delete', 'activation', 'owner'])
    await kubectl(['wait', '--for=delete', 'configmap/owned', '--timeout=60s'])
  })

  test('makes a Job of a CronJob, and a Pod of the Job', async () => {
    const { kubectl, apply } = cluster()
    await apply(cronJob('sync', 'process.exit(0)'))
    await kubectl(['create', 'job', 'now', '--from=cronjob/sync'])
    const pod = await eventually('a pod', 30, async () => {
      const pods = JSON.parse(await kubectl(['get', 'pods', '--selector=job-name=now', '--output=json']))
      return pods.items[0]
    })
    expect(pod.spec.containers[0].image).toBe(PROJECT_IMAGE)
  })
})

describeOnNode('a node', (cluster) => {
  /** The end of a Job's only container. */
  const endOf = async (name: string) => {
    const { kubectl } = cluster()
    return eventually(`the end of ${name}`, 90, async () => {
      const { items } = JSON.parse(await kubectl(['get', 'pods', `--selector=job-name=${name}`, '--output=json']))
      return items[0]?.status.containerStatuses?.[0]?.state.terminated
    })
  }

  test('runs a pod of a CronJob to its end, as a user with no rights', async () => {
    const { kubectl, apply } = cluster()
    const script = `require('fs').writeFileSync('/dev/termination-log', 'uid ' + process.getuid()); console.log('done')`
    await apply(cronJob('good', script))
    await kubectl(['create', 'job', 'good', '--from=cronjob/good'])
    expect(await endOf('good')).toMatchObject({ exitCode: 0, reason: 'Completed', message: 'uid 65532' })
    await kubectl(['wait', '--for=condition=Complete', 'job/good', '--timeout=30s'])
    expect(await kubectl(['logs', 'job/good'])).toBe('done\n')
  })

  test('says how a pod failed', async () => {
    const { apply } = cluster()
    await apply(
      job('bad', 'process.exit(3)'),
      job('greedy', 'const kept = []; for (;;) kept.push(Buffer.alloc(8 << 20, 1))'),
    )
    expect(await endOf('bad')).toMatchObject({ exitCode: 3, reason: 'Error' })
    expect(await endOf('greedy')).toMatchObject({ exitCode: 137, reason: 'OOMKilled' })
  })

  test("runs the project's own program", async () => {
    const { apply } = cluster()
    const own = job('help', '')
    const [container] = own.spec.template.spec.containers
    if (container === undefined) throw new Error('a pod has a container')
    const { command: _none, ...entrypoint } = container
    Object.assign(own.spec.template.spec, { containers: [{ ...entrypoint, args: ['--help'] }] })
    await apply(own)
    expect(await endOf('help')).toMatchObject({ exitCode: 0 })
  })

  test('gives pods the API server, Services by name, and this host', async () => {
    const { kubectl, apply, network, namespace } = cluster()
    await apply(
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web', labels: { app: 'web' } },
        spec: template(`require('http').createServer((_, answer) => answer.end('served')).listen(8080)`).spec,
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
      },
    )
    await kubectl(['wait', '--for=condition=Ready', 'pod/web', '--timeout=60s'])
    const address = await kubectl(['get', 'service', 'web', '--output=jsonpath={.spec.clusterIP}'])
    expect(
      await eventually('the Service, from this host', 45, async () => (await fetch(`http://${address}`)).text()),
    ).toBe('served')
    const here = createServer((_request, response) => response.end('here')).listen(0, network.host)
    onTestFinished(() => void here.close())
    await once(here, 'listening')
    await apply(
      job(
        'ask',
        `
      const ask = (url) => fetch(url).then((answer) => answer.text())
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
      Promise.all([
        ask('http://web.${namespace}.svc'),
        ask('https://' + process.env.KUBERNETES_SERVICE_HOST + '/readyz'),
        ask('http://${network.host}:${Object(here.address()).port}'),
      ]).then((answers) => require('fs').writeFileSync('/dev/termination-log', answers.join(' ')))
    `,
      ),
    )
    expect(await endOf('ask')).toMatchObject({ exitCode: 0, message: 'served ok here' })
  })
})

describeOnControlPlane('a control plane of its own', (controlPlane) => {
  test('comes back after a kill, and has forgotten old revisions', async () => {
    const { kubectl, killApiServer, restartApiServer, compact } = controlPlane()
    const list = async () => JSON.parse(await kubectl(['get', '--raw', '/api/v1/namespaces/default/configmaps']))
    const { resourceVersion } = (await list()).metadata
    for (const name of ['a', 'b', 'c']) await kubectl(['create', 'configmap', name])
    await killApiServer()
    await expect(list()).rejects.toThrow('refused')
    await compact()
    await restartApiServer()
    expect((await list()).items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual([
      'a',
      'b',
      'c',
      'kube-root-ca.crt',
    ])
    const watch = `/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=5&resourceVersion=${resourceVersion}`
    await expect(kubectl(['get', '--raw', watch])).resolves.toContain('"code":410')
  })
})
