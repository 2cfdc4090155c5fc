import { expect, test } from 'vitest'
import { isAsDeclared } from '../../src/operator/as-declared.ts'

const declared = {
  schedule: '0 * * * *',
  suspend: false,
  jobTemplate: {
    spec: { template: { spec: { containers: [{ name: 'sync', args: ['sync-pod'] }], volumes: [{ emptyDir: {} }] } } },
  },
}
const found = (change: (found: typeof declared & Record<string, unknown>) => void) => {
  const copy = { ...structuredClone(declared), failedJobsHistoryLimit: 3 }
  change(copy)
  return copy
}

test.each([
  [
    'defaults that the API server adds',
    found(({ jobTemplate }) => Object.assign(jobTemplate.spec, { backoffLimit: 6 })),
  ],
  [
    'what is empty and absent',
    found(({ jobTemplate }) => jobTemplate.spec.template.spec.volumes.splice(0, 1, {} as never)),
  ],
])('as declared: %s', (_, object) => {
  expect(isAsDeclared(declared, object)).toBe(true)
})

test.each([
  ['a changed value', found((it) => Object.assign(it, { schedule: '* * * * *' }))],
  ['a value that is gone', found((it) => Object.assign(it, { suspend: undefined }))],
  [
    'one more container',
    found(({ jobTemplate }) => jobTemplate.spec.template.spec.containers.push({ name: 'x', args: [] })),
  ],
  ['another argument', found(({ jobTemplate }) => jobTemplate.spec.template.spec.containers[0]?.args.push('--debug'))],
  ['nothing', undefined],
])('not as declared: %s', (_, object) => {
  expect(isAsDeclared(declared, object)).toBe(false)
})

test('amounts are not compared: 1024Mi comes back as 1Gi', () => {
  const of = (memory: string) => ({ containers: [{ name: 'sync', resources: { limits: { memory } } }] })
  expect(isAsDeclared(of('1024Mi'), of('1Gi'))).toBe(true)
})
