import { expect, it } from 'vitest'
import { withoutQueries } from '../../src/warehouses/urls.ts'

it.each([
  [
    'request to https://b.s3.amazonaws.com/x.csv.gz?X-Amz-Security-Token=canary&X-Amz-Signature=canary failed, reason: reset',
    'request to https://b.s3.amazonaws.com/x.csv.gz?… failed, reason: reset',
  ],
  [
    `maximum redirect reached at: https://a.blob.core.windows.net/c/x?sv=1&sig=can'ary"canary`,
    'maximum redirect reached at: https://a.blob.core.windows.net/c/x?…',
  ],
  ['a (HTTPS://h:1?canary) and s3://b/k?canary', 'a (HTTPS://h:1?… and s3://b/k?…'],
  ['is x.y://z there? https://h/p is; a?b is none', 'is x.y://z there? https://h/p is; a?b is none'],
])('%s', (message, told) => {
  expect(withoutQueries(message)).toBe(told)
})
