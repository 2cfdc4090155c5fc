import { expect, test } from 'vitest'
import { isLabelSelector } from '../../src/kube/label-selector.ts'
import { LABEL_SELECTORS, NO_LABEL_SELECTORS } from './label-selectors.ts'

test.each(LABEL_SELECTORS)('"%s" selects', (text) => {
  expect(isLabelSelector(text)).toBe(true)
})

test.each([...NO_LABEL_SELECTORS, '', ' ', `${'a'.repeat(254)}/b`])('"%s" does not', (text) => {
  expect(isLabelSelector(text)).toBe(false)
})
