import { Token } from 'cdktf'
import { isPlain } from './plain-data'

/** A token in text, as CDK for Terraform marks it. Those of lists and maps open with # and &, which mean nothing to Terraform. */
const TOKEN = /(\$\{TfToken\[[^\]]*\]\})/

/** The tokens in text, and what stands between them. */
export const splitAtTokens = (text: string): string[] => text.split(TOKEN).filter((part) => part !== '')

const OPENS = /[$%]\{/

/** Text that Terraform takes as it stands; tokens in it are left alone. */
export function escapeText(text: string): string {
  if (!OPENS.test(text)) return text
  return splitAtTokens(text)
    .map((part) => (Token.isUnresolved(part) ? part : escapeLiteral(part)))
    .join('')
}

const escapeLiteral = (text: string) => text.replace(/\$\{/g, '$$$${').replace(/%\{/g, '%%{')

const LONG_ESCAPES: { [letter: string]: string } = { b: '\\u0008', f: '\\u000c' }

/** Text as a literal of HCL, which knows fewer short escapes than JSON. */
export function hclText(text: string): string {
  const quoted = JSON.stringify(text).replace(/\\(.)/g, (short, letter) => LONG_ESCAPES[letter] ?? short)
  return escapeLiteral(quoted)
}

/** The value with all its texts escaped, keys of maps among them. */
export function escapeTemplates(value: unknown): unknown {
  if (typeof value === 'string') return escapeText(value)
  if (Array.isArray(value)) return value.map(escapeTemplates)
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [escapeText(key), escapeTemplates(item)]))
}
