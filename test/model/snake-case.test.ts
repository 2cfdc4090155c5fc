import fc from 'fast-check'
import { expect, test } from 'vitest'
import { snakeCase } from '../../src/model/snake-case.ts'

/** Conformance vectors of segmentio/go-snakecase (MIT). */
const VECTORS: [input: string, expected: string][] = [
  ['@49L0S145_¬fwHƒ0TSLNVp', '49l0s145_fw_h_0tslnvp'],
  ['lk0B@bFmjrLQ_Z6YL', 'lk0_b_b_fmjr_lq_z6yl'],
  ['samPLE text', 'sam_ple_text'],
  ['sample text', 'sample_text'],
  ['sample-text', 'sample_text'],
  ['sample_text', 'sample_text'],
  ['sample___text', 'sample_text'],
  ['sampleText', 'sample_text'],
  ['inviteYourCustomersAddInvites', 'invite_your_customers_add_invites'],
  ['sample 2 Text', 'sample_2_text'],
  ['   sample   2    Text   ', 'sample_2_text'],
  ['   $#$sample   2    Text   ', 'sample_2_text'],
  ['SAMPLE 2 TEXT', 'sample_2_text'],
  ['___$$Base64Encode', 'base64_encode'],
  ['FOO:BAR$BAZ', 'foo_bar_baz'],
  ['FOO#BAR#BAZ', 'foo_bar_baz'],
  ['something.com', 'something_com'],
  ['$something%', 'something'],
  ['•¶§ƒ˚foo˙∆˚¬', 'foo'],
  ['CStringRef', 'cstring_ref'],
  ['5test', '5test'],
  ['test5', 'test5'],
  ['THE5r', 'the5r'],
  ['5TEst', '5test'],
  ['_5TEst', '5test'],
  ['@%#&5TEst', '5test'],
  ['edf_6N', 'edf_6n'],
  ['f_pX9', 'f_p_x9'],
  ['p_z9Rg', 'p_z9_rg'],
  ['2FA Enabled', '2fa_enabled'],
  ['Enabled 2FA', 'enabled_2fa'],
]

test.each(VECTORS)('%j is %j', (input, expected) => {
  expect(snakeCase(input)).toBe(expected)
})

test('names of Segment keep its rules', () => {
  expect(snakeCase('HTTPServer')).toBe('httpserver')
  expect(snakeCase('iOSVersion')).toBe('i_osversion')
  expect(snakeCase('userID')).toBe('user_id')
  expect(snakeCase('shopping_cart__id')).toBe('shopping_cart_id')
  expect(snakeCase('journey_name__step_name_8943l')).toBe('journey_name_step_name_8943l')
  expect(snakeCase('名前')).toBe('')
})

test('any text becomes words of small letters and digits, and stays so', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const snake = snakeCase(text)
      expect(snake).toMatch(/^([a-z0-9]+(_[a-z0-9]+)*)?$/)
      expect(snakeCase(snake)).toBe(snake)
      expect(snake.replaceAll('_', '')).toBe(text.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase())
    }),
  )
})
