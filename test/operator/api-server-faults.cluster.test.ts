import path from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { applyCrds } from '../kubernetes/control-plane.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { describeOnControlPlane } from '../kubernetes/on-cluster.ts'
import { FaultyProxy } from './faulty-proxy.ts'
import { Fleet } from './fleet.ts'
import { activation } from './manifests.ts'
import { RunningOperator } from './running-operator.ts'
import { WatchedDatabase } from './watched-database.ts'

const NAMESPACE = 'default'
const CRDS = path.join(import.meta.dirname, '../../crds')

describeOnControlPlane('an API server that fails', (controlPlane) => {
  let database: WatchedDatabase
  let fleet: Fleet

  beforeAll(async () => {
    database = await WatchedDatabase.create()
    fleet = new Fleet(controlPlane().kubeconfig, NAMESPACE)
    await fleet.connect(database, ['first'])
  })
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const start = async (kubeconfig = controlPlane().kubeconfig) => {
    const operator = await RunningOperator.start({ kubeconfig, namespace: NAMESPACE })
    onTestFinished(() => operator[Symbol.asyncDispose]())
    return operator
  }
  /** As the kubelet does: a container that has ended, such as one that lost the lead, is started anew. */
  const keepRunning = async () => {
    let running = await start()
    let isOver = false
    onTestFinished(() => {
      isOver = true
    })
    void (async () => {
      while (!isOver) {
        await running.ended
        if (!isOver) running = await start()
      }
    })()
    return () => running
  }

  test('429 and 500 for four requests in ten: converges, and does not end', async () => {
    await using proxy = await FaultyProxy.before(controlPlane().kubeconfig)
    const operator = await start(proxy.kubeconfig)
    await operator.says('leading')
    proxy.fault = (_, path) => {
      const chance = path.includes('watch=true') ? 1 : Math.random()
      if (chance < 0.1) return { code: 500 }
      return chance < 0.4 ? { code: 429, headers: { 'Retry-After': '1' } } : undefined
    }
    await fleet.apply(...[...'abcdefghijkl'].map((name) => activation(NAMESPACE, name)))
    await fleet.allReady('Activation', 'True Ready', 100)
    expect(proxy.refused).toBeGreaterThan(10)
    expect(operator.isRunning).toBe(true)
    proxy.fault = () => undefined
    await operator.isIdle()
    expect(await database.tables()).toEqual(expect.arrayContaining(['main.a', 'main.l']))
  })

  test('killed, started again, and its history gone: what happened meanwhile is found', async () => {
    const operator = await keepRunning()
    await operator().isIdle()
    await fleet.apply(activation(NAMESPACE, 'before'))
    await fleet.hasReady('Activation', 'before', 'True Ready')
    await controlPlane().killApiServer()
    await controlPlane().compact()
    await controlPlane().restartApiServer()
    await eventually('the resources', 30, () => fleet.apply(activation(NAMESPACE, 'after')).then(() => true))
    await fleet.delete('Activation', 'before')
    await fleet.hasReady('Activation', 'after', 'True Ready', 90)
    await operator().isIdle()
    expect(await database.tables()).toContain('main.after')
  })

  test('definitions that are removed and applied again: no table is lost, and everything works again', async () => {
    const { kubectl } = controlPlane()
    const operator = await keepRunning()
    await operator().isIdle()
    const tables = await database.tables()
    await kubectl(['delete', '--filename', CRDS, '--timeout=60s'])
    await applyCrds(kubectl, CRDS)
    await fleet.connect(database, ['first', 'again'])
    await fleet.allReady('Activation', 'True Ready', 90)
    await fleet.hasReady('EngageSpace', 'main', 'True Ready', 90)
    expect(await database.tables()).toEqual([...tables, 'main.again'].sort())
    expect((await database.ddl()).filter(({ tag }) => tag === 'DROP TABLE')).toEqual([])
  })

  test('a resource that this version cannot read is told so, and hides no other', async () => {
    const { kubectl } = controlPlane()
    const crd = 'customresourcedefinition/activations.engageops.dev'
    // As an older version may have stored it.
    const loose = [{ op: 'replace', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec', value: ANYTHING }]
    await kubectl(['patch', crd, '--type=json', '--patch', JSON.stringify(loose)])
    onTestFinished(() => applyCrds(kubectl, CRDS))
    const old = { ...activation(NAMESPACE, 'old'), spec: { space: 'main' } }
    await eventually('the loose definition', 20, () => fleet.apply(old).then(() => true))
    const operator = await start()
    await operator.isIdle()
    await fleet.apply(activation(NAMESPACE, 'beside'))
    await fleet.hasReady('Activation', 'beside', 'True Ready')
    await eventually('an event', 20, async () => {
      const events = await kubectl(['get', 'events', '--field-selector', 'involvedObject.name=old', '-o', 'json'])
      return events.includes('this version of the operator cannot read it')
    })
  })
})

const ANYTHING = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
