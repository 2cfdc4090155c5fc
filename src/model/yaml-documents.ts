import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  parseAllDocuments,
  visit,
  type YAMLMap,
} from 'yaml'
import type { FieldPath } from './problems.ts'

/** A document of a YAML (or JSON) text, as plain data. */
export interface YamlDocument {
  value: unknown
  /** The line of a field, or of the nearest field above it that stands in the text. */
  lineOf(path: FieldPath): number
}

export interface YamlError {
  line: number
  message: string
}

/** Aliases, and aliases times what they repeat: enough for people, too little for a billion laughs. */
const MAX_ALIASES = 1000
const TOO_MANY_ALIASES = 'aliases (*name) repeat too much: write the values out'

/** Reads all documents; empty ones are left out. A document with an error is left out, the others are there. */
export function readYaml(text: string): { documents: YamlDocument[]; errors: YamlError[] } {
  const lines = new LineCounter()
  const lineAt = (offset: number) => lines.linePos(offset).line
  // Unique keys are checked below: the parser's own check takes quadratic time.
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, merge: true })
  const documents: YamlDocument[] = []
  const errors: YamlError[] = []
  for (const document of parsed) {
    const wrong = errorsOf(document, lineAt)
    errors.push(...wrong)
    if (wrong.length > 0 || isEmpty(document)) continue
    try {
      const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
      const offsetOf = locator(document)
      documents.push({ value, lineOf: (path) => lineAt(offsetOf(path)) })
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error
      errors.push({ line: lineAt(document.contents?.range[0] ?? 0), message: TOO_MANY_ALIASES })
    }
  }
  return { documents, errors }
}

type Parsed = Document.Parsed<ParsedNode>

function isEmpty({ contents }: Parsed): boolean {
  return contents === null || (isScalar(contents) && contents.value === null)
}

/** The first error of each line, at most five: later ones mostly follow from it. */
function errorsOf(document: Parsed, lineAt: (offset: number) => number): YamlError[] {
  const syntax = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    line: lineAt(Math.max(0, pos[0])),
    message: `not valid YAML: ${SYNTAX[code] ?? message}`,
  }))
  const found = syntax.length > 0 ? syntax : structureErrors(document, lineAt)
  const byLine = new Map<number, YamlError>()
  for (const error of found) if (!byLine.has(error.line)) byLine.set(error.line, error)
  return [...byLine.values()].slice(0, 5)
}

/** Own words where the parser's would repeat the text, which may be a secret, or would not say what to write. */
const SYNTAX: Record<string, string> = {
  TAB_AS_INDENT: 'a tab indents the line, write spaces',
  BLOCK_AS_IMPLICIT_KEY: 'a value has ": " in it or is indented too far, put it in quotes or correct the indentation',
  UNEXPECTED_TOKEN: 'something does not belong here, check indentation and quotes',
  BAD_DQ_ESCAPE: 'an unknown escape in double quotes, write \\\\ for a backslash or use single quotes',
  TAG_RESOLVE_FAILED: 'tags (!name) are not supported, put text that begins with ! in quotes',
  RESOURCE_EXHAUSTION: 'nested too deeply',
}

/** What parses but does not make plain data: repeated or structured keys, aliases to nothing or to themselves. */
function structureErrors(document: Parsed, lineAt: (offset: number) => number): YamlError[] {
  const errors: YamlError[] = []
  const add = (offset: number | undefined, message: string) => errors.push({ line: lineAt(offset ?? 0), message })
  const anchors = new Map<string, unknown>()
  let aliases = 0
  visit(document, {
    Node: (_, node, ancestors) => {
      const offset = node.range?.[0]
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node)
        if (isMap(node)) for (const { key, message } of wrongKeys(node, node === document.contents)) add(key, message)
      } else if (++aliases > MAX_ALIASES) {
        add(offset, TOO_MANY_ALIASES)
        return visit.BREAK
      } else if (!anchors.has(node.source)) {
        add(offset, 'an alias (*name) of no anchor above it: put text that begins with * in quotes')
      } else if (ancestors.some((ancestor) => ancestor === anchors.get(node.source))) {
        add(offset, 'an alias (*name) that contains itself: write the value out')
      }
      return undefined
    },
  })
  return errors
}

function wrongKeys(map: YAMLMap, isDocument: boolean): { key: number | undefined; message: string }[] {
  const seen = new Set<string>()
  const structured: number[] = []
  const repeated: { key: number | undefined; name: string }[] = []
  for (const { key } of map.items) {
    if (!isScalar(key)) {
      structured.push((isMap(key) || isSeq(key) ? key.range?.[0] : undefined) ?? 0)
      continue
    }
    const name = String(key.value)
    if (seen.has(name)) repeated.push({ key: key.range?.[0], name })
    else seen.add(name)
  }
  const joined = isDocument && HEAD_KEYS.every((head) => repeated.some(({ name }) => name === head))
  const first = joined ? repeated.find(({ name }) => HEAD_KEYS.includes(name)) : undefined
  return [
    ...structured.map((key) => ({ key, message: STRUCTURED_KEY })),
    ...(first
      ? repeated.filter(({ name }) => name === first.name).map(({ key }) => ({ key, message: JOINED }))
      : repeated.map(({ key, name }) => ({ key, message: twice(name) }))),
  ]
}

const STRUCTURED_KEY = 'a key must be plain text: put it in quotes; {{ templates }} must be rendered first'
const JOINED = 'another resource begins here: write --- on a line of its own between resources'
const twice = (name: string) => `the key \`${name.slice(0, 60)}\` stands twice: keep one of them`

/** What every resource has: where both stand again, files were joined without a line between them. */
const HEAD_KEYS = ['apiVersion', 'kind']

/** Finds where fields stand; the keys of each map are indexed once, for there may be as many errors as keys. */
function locator(document: Parsed): (path: FieldPath) => number {
  const indexes = new Map<YAMLMap, Map<string, Pair>>()
  const pairOf = (map: YAMLMap, step: string | number) => {
    const index =
      indexes.get(map) ?? new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : '', pair]))
    indexes.set(map, index)
    return index.get(String(step))
  }
  return (path) => {
    let node: unknown = document.contents
    let offset = document.contents?.range[0] ?? 0
    for (const step of path) {
      if (isMap(node)) {
        const pair = pairOf(node, step)
        if (!pair || !isScalar(pair.key)) break
        offset = pair.key.range?.[0] ?? offset
        node = pair.value
      } else if (isSeq(node)) {
        node = node.items[Number(step)]
        if (isMap(node) || isSeq(node) || isScalar(node)) offset = node.range?.[0] ?? offset
      } else break
    }
    return offset
  }
}
