import { IMMUTABLE, type ImmutableFields, remedy } from './immutable.ts'
import { type JsonSchema, jsonSchemaOf, mapSchema } from './json-schema.ts'
import { DEFINITIONS } from './kinds.ts'
import { API_VERSION, type Kind, resourceName } from './resource.ts'
import type { CelRule } from './rules.ts'

const [GROUP, VERSION] = API_VERSION.split('/')

/** The custom resource definition of a kind: a structural schema, with rules in CEL for all that one resource can show. */
export function customResourceDefinition(kind: Kind) {
  const { plural, shortNames, description, columns, status } = DEFINITIONS[kind]
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames,
        categories: ['engage'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description,
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string', description: 'Group and version of the resource.' },
                kind: { type: 'string', description: 'Kind of the resource.' },
                metadata: { type: 'object', properties: { name: jsonSchemaOf(resourceName) } },
                spec: structuralSpec(kind),
                // Without it kstatus takes a resource that no operator has seen yet for one that is ready.
                status: { ...withoutDefaults(structural(jsonSchemaOf(status))), default: { observedGeneration: -1 } },
              },
            },
          },
        },
      ],
    },
  }
}

/** The spec as the API server checks it: the rules of the schema, and those that compare with the old spec. */
export function structuralSpec(kind: Kind): JsonSchema {
  const spec = structural(jsonSchemaOf(DEFINITIONS[kind].spec))
  for (const immutable of IMMUTABLE[kind]) {
    const parent = nodeAt(spec, immutable.at === '' ? [] : immutable.at.split('.'))
    const rules = immutableRules(kind, immutable, parent)
    parent['x-kubernetes-validations'] = [...(parent['x-kubernetes-validations'] ?? []), ...rules]
  }
  return spec
}

/** The rules stand on the object that holds the fields: one on an optional field is not run when it comes or goes. */
function immutableRules(kind: Kind, { fields, presence }: ImmutableFields, parent: JsonSchema): CelRule[] {
  return fields.map((field) => {
    const [isSet, wasSet] = [has('self', field), has('oldSelf', field)]
    const equal = `self.${field} == oldSelf.${field}`
    const fieldPath = `.${field}`
    const message = `cannot be changed: ${remedy(kind)}`
    if (presence) return { rule: `${isSet} == ${wasSet}`, message, fieldPath }
    const required = isRequired(parent, field.split('.'))
    const rule = required ? equal : `(${isSet}) == (${wasSet}) && (!(${isSet}) || ${equal})`
    const was = required ? `oldSelf.${field}` : `(${wasSet} ? oldSelf.${field} : 'not set')`
    return {
      rule,
      message,
      messageExpression: `'cannot be changed: it was ' + ${was} + '; ${remedy(kind)}'`,
      fieldPath,
    }
  })
}

function has(root: string, field: string): string {
  const keys = field.split('.')
  return keys.map((_, index) => `has(${root}.${keys.slice(0, index + 1).join('.')})`).join(' && ')
}

function isRequired(node: JsonSchema, [field, ...rest]: string[]): boolean {
  if (field === undefined) return true
  return (node.required?.includes(field) ?? false) && isRequired(nodeAt(node, [field]), rest)
}

/** The node of a field, the way there being field names; `name[]` goes on to the items of a list. */
export function nodeAt(node: JsonSchema, path: string[]): JsonSchema {
  return path.reduce((parent, step) => {
    const field = parent.properties?.[step.replace('[]', '')]
    const child = step.endsWith('[]') ? field?.items : field
    if (!child) throw new TypeError(`the schema has no field ${path.join('.')}`)
    return child
  }, node)
}

/**
 * Kubernetes prunes unknown fields instead of refusing them in the schema, and a default in a list item makes GitOps
 * tools see a difference for ever: EngageOps applies those itself.
 */
function structural(root: JsonSchema): JsonSchema {
  return mapSchema(root, (node) => {
    const { additionalProperties, items, 'x-kubernetes-validations': rules, ...rest } = node
    return {
      ...rest,
      ...(additionalProperties && { additionalProperties }),
      ...(items && { items: withoutDefaults(items) }),
      ...(rules && rules.length > 0 && { 'x-kubernetes-validations': rules }),
    }
  })
}

function withoutDefaults(root: JsonSchema): JsonSchema {
  return mapSchema(root, ({ default: _, ...node }) => node)
}
