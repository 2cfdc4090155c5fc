import { type Fields, isFields } from '../model/rules.ts'

/** A call as it came in: nothing is certain of it but that it is a JSON object. */
export type Call = Record<string, unknown>

/** The value as an object to look into; undefined for arrays and everything else. */
export const asObject = (value: unknown): Fields | undefined => (isFields(value) ? value : undefined)
