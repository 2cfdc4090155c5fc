// What is generated in charts/engageops: the templates of the custom resource definitions, and the README's list of values.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { crdYaml } from '../src/model/generated.ts'
import { DEFINITIONS } from '../src/model/kinds.ts'
import { KINDS, type Kind } from '../src/model/resource.ts'

const CHART = 'charts/engageops'
const root = path.join(import.meta.dirname, '..')

/** Every file of the chart that is generated: path from the root of the repository, and text. */
export function chartFiles(): Map<string, string> {
  const read = (file: string) => readFileSync(path.join(root, CHART, file), 'utf8')
  return new Map([
    ...KINDS.map((kind) => [`${CHART}/templates/crds/${DEFINITIONS[kind].plural}.yaml`, crdTemplate(kind)] as const),
    [`${CHART}/README.md`, withValues(read('README.md'), read('values.yaml'))],
  ])
}

const CRD_METADATA = `  labels:
    {{- include "engageops.labels" . | nindent 4 }}
  {{- if or .Values.crds.keep .Values.crds.annotations }}
  annotations:
    {{- if .Values.crds.keep }}
    helm.sh/resource-policy: keep
    {{- end }}
    {{- with .Values.crds.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
`

/** The definition as it is in crds/, with what the chart's values say about it. */
function crdTemplate(kind: Kind): string {
  const text = crdYaml(kind).replaceAll('{{', '{{ "{{" }}')
  const name = `  name: ${DEFINITIONS[kind].plural}.engageops.dev\n`
  const [before, after, ...more] = text.split(name)
  if (after === undefined || more.length > 0) throw new Error(`the definition of ${kind} must name itself once`)
  return `{{- if .Values.crds.install }}\n${before}${name}${CRD_METADATA}${after}{{- end }}\n`
}

const START = '<!-- values: written by `npm run generate` from the comments of values.yaml -->\n'
const END = '<!-- /values -->\n'

function withValues(readme: string, values: string): string {
  const start = readme.indexOf(START) + START.length
  const end = readme.indexOf(END)
  if (start < START.length || end < start) throw new Error('the README has no place for its values')
  const rows = documentedValues(values).map(
    ({ name, byDefault, description }) => `| \`${name}\` | \`${byDefault}\` | ${description} |\n`,
  )
  const table = `\n| value | default | what it is |\n|---|---|---|\n${rows.join('')}\n`
  return readme.slice(0, start) + table + readme.slice(end)
}

export interface DocumentedValue {
  /** Path, such as `image.tag`. */
  name: string
  /** Its default, as JSON. */
  byDefault: string
  description: string
}

/** The values that have a comment, in order; what is below one of them belongs to it. */
export function documentedValues(text: string): DocumentedValue[] {
  const { contents } = parseDocument(text)
  if (!isMap(contents)) throw new Error('values.yaml is no map')
  return valuesOf(contents, [])
}

function valuesOf(map: YAMLMap, parents: string[]): DocumentedValue[] {
  return map.items.flatMap((pair, index) => {
    const name = [...parents, keyOf(pair)]
    // The comment of the first key of a map is the map's; the file's own stands above it, after an empty line.
    const comment = (isScalar(pair.key) && pair.key.commentBefore) || (index === 0 && map.commentBefore)
    if (comment) {
      const paragraph = comment.split('\n\n').at(-1) ?? ''
      const description = paragraph.trim().replaceAll('|', '\\|')
      return [{ name: name.join('.'), byDefault: JSON.stringify(pair.value), description }]
    }
    if (isMap(pair.value)) return valuesOf(pair.value, name)
    throw new Error(`values.yaml: ${name.join('.')} has no comment that says what it is`)
  })
}

const keyOf = ({ key }: Pair): string => String(key)
