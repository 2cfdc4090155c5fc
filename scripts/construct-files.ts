import { type JsonSchema, jsonSchemaOf } from '../src/model/json-schema.ts'
import { DEFINITIONS } from '../src/model/kinds.ts'
import { KINDS, type Kind } from '../src/model/resource.ts'
import { WAREHOUSE_KINDS } from '../src/model/warehouse-block.ts'

const FOLDER = 'src/cdktf/manifests'

/** Names of types for the objects of each spec; where none stands here it is made of the path. */
const NAMES: Record<string, string> = {
  'WarehouseDestination.snowflake': 'SnowflakeWarehouse',
  'WarehouseDestination.snowflake.staging': 'SnowflakeStaging',
  'WarehouseDestination.databricks': 'DatabricksWarehouse',
  'WarehouseDestination.bigquery': 'BigQueryWarehouse',
  'WarehouseDestination.bigquery.views': 'BigQueryViews',
  'WarehouseDestination.redshift': 'RedshiftWarehouse',
  'WarehouseDestination.redshift.staging': 'RedshiftStaging',
  'WarehouseDestination.postgres': 'PostgresWarehouse',
  'WarehouseDestination.duckdb': 'DuckDbWarehouse',
  'WarehouseDestination.sync': 'DestinationSync',
  'WarehouseDestination.sync.pod': 'SyncPod',
  'WarehouseDestination.sync.pod.resources': 'SyncPodResources',
  'WarehouseDestination.sync.pod.tolerations': 'SyncPodToleration',
  'WarehouseDestination.sync.pod.affinity': 'SyncPodAffinity',
  'WarehouseDestination.sync.pod.affinity.nodeAffinity': 'NodeAffinity',
  'WarehouseDestination.sync.pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution': 'NodeSelector',
  'WarehouseDestination.sync.pod.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution':
    'PreferredNode',
  'WarehouseDestination.schemaPolicy': 'SchemaPolicy',
  'WarehouseDestination.driftPolicy': 'DriftPolicy',
  'WarehouseDestination.driftPolicy.ignore': 'DriftIgnore',
  'EngageSpace.destinations': 'SpaceConnection',
  'EngageSpace.destinations.schemas': 'ConnectionSchemas',
  'EngageSpace.destinations.selectiveSync': 'SelectiveSync',
  'EngageSpace.sources': 'SpaceSource',
  'EngageSpace.sources.objectStore': 'ObjectStoreSource',
  'EngageSpace.sources.volume': 'VolumeSource',
  'EngageSpace.sources.receiver': 'ReceiverSource',
  'EngageSpace.audiences': 'AudienceSpec',
  'EngageSpace.audiences.sql': 'AudienceSql',
  'EngageSpace.computedTraits': 'ComputedTraitSpec',
  'EngageSpace.computedTraits.sql': 'ComputedTraitSql',
  'EngageSpace.journeys': 'JourneySpec',
  'Activation.computation': 'ActivationComputation',
  'Activation.classic': 'ClassicStorage',
  'Activation.classic.eventNames': 'EventNames',
  'Activation.storageActions': 'StorageActions',
  'Activation.storageActions.columns': 'StorageColumn',
  'Activation.sync': 'ActivationSync',
}

/** Names of types for choices, by the path of one of them; where none stands here it is made of the path. */
const CHOICES: Record<string, string> = {
  'WarehouseDestination.redshift.sslMode': 'SslMode',
  'WarehouseDestination.sync.pod.tolerations.operator': 'TolerationOperator',
  'WarehouseDestination.sync.pod.tolerations.effect': 'TaintEffect',
  'NodeSelectorRequirement.operator': 'NodeSelectorOperator',
  'WarehouseDestination.schemaPolicy.undeclaredProperties': 'UndeclaredProperties',
  'WarehouseDestination.schemaPolicy.widenTypes': 'WidenTypes',
  'WarehouseDestination.schemaPolicy.dropObjects': 'DropObjects',
  'WarehouseDestination.driftPolicy.mode': 'DriftMode',
  'WarehouseDestination.adoptionPolicy': 'AdoptionPolicy',
  'EngageSpace.audiences.type': 'AudienceType',
  'EngageSpace.computedTraits.type': 'LogicalType',
  'Activation.classic.calls': 'ClassicCall',
  'Activation.storageActions.triggers': 'Trigger',
  'Activation.sync.trigger': 'SyncTrigger',
  'Activation.sync.backfill': 'Backfill',
  'Activation.deletionPolicy': 'DeletionPolicy',
}

/** Objects that several places share, by what their fields are. */
const SHARED: Record<string, { name: string; doc: string }> = {
  'Name of the Secret, in the same namespace. Key in the Secret.': {
    name: 'SecretKeyReference',
    doc: 'One key of a Secret in the same namespace.',
  },
  'Name of the Secret.': {
    name: 'ObjectStoreCredentials',
    doc: 'A Secret with the keys of an object store.',
  },
  'What all must hold of the labels of a node.': {
    name: 'NodeSelectorTerm',
    doc: 'Requirements on the labels of a node.',
  },
  'Key of the label. How the label is compared with the values. Values; for Gt and Lt one whole number.': {
    name: 'NodeSelectorRequirement',
    doc: 'A requirement on one label of a node.',
  },
  'Name of the resource, in the same namespace.': {
    name: 'ResourceReference',
    doc: 'A resource of this name in the same namespace.',
  },
}

/** Fields that constructs of intent have in forms of their own; their props have all others as they are. */
const INTENT: Record<Kind, readonly string[]> = {
  WarehouseDestination: WAREHOUSE_KINDS,
  EngageSpace: ['name', 'destinations', 'audiences', 'computedTraits', 'journeys'],
  Activation: ['spaceRef', 'destinationRef', 'computation', 'storageActions'],
}

/** What constructs are generated: path from the root of the repository, and text. */
export function constructFiles(): Map<string, string> {
  const types = new Types()
  const files = KINDS.map((kind) => [`${FOLDER}/${fileOf(kind)}.ts`, types.fileOf(kind)] as const)
  const index = [...KINDS.map(fileOf), 'shared'].map((file) => `export * from './${file}'\n`).join('')
  return new Map([
    ...files,
    [`${FOLDER}/shared.ts`, HEAD + [...types.shared.values()].join('\n')],
    [`${FOLDER}/index.ts`, HEAD + index],
  ])
}

const HEAD = '// Generated by `npm run generate`: do not edit.\n'

const fileOf = (kind: Kind) => kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
const pascal = (text: string) => text.replaceAll(/(^|\.)(\w)/g, (_, __, letter: string) => letter.toUpperCase())

class Types {
  /** Types that several kinds may use, by name. */
  readonly shared = new Map<string, string>()
  #choices = new Map<string, string>()
  #own: string[] = []
  #used = new Set<string>()
  #resolvable = false

  fileOf(kind: Kind): string {
    const { description, spec } = DEFINITIONS[kind]
    this.#own = []
    this.#used = new Set()
    this.#resolvable = false
    const options = `${kind}Options`
    const [own, others] = splitFields(jsonSchemaOf(spec), INTENT[kind])
    this.#objectType(others, kind, `What a ${kind} can declare beside what it is for.`, options)
    this.#objectType(own, kind, description, `${kind}Spec extends ${options}`)
    const imports = this.#used.size === 0 ? '' : `import { ${[...this.#used].sort().join(', ')} } from './shared'\n`
    const resolvable = this.#resolvable ? "import type { IResolvable } from 'cdktf'\n" : ''
    return `${HEAD}${resolvable}import type { Construct } from 'constructs'
import { EngageManifest } from '../engage-manifest'
import type { EngageManifestProps } from '../engage-manifest-props'
${imports}
${this.#own.join('\n')}
/** The props of ${kind}Manifest. */
export interface ${kind}ManifestProps extends EngageManifestProps {
  /** What it declares. */
  readonly spec: ${kind}Spec
}

/** The manifest of one ${kind}, field by field as in YAML. */
export class ${kind}Manifest extends EngageManifest {
  constructor(scope: Construct, id: string, props: ${kind}ManifestProps) {
    super(scope, id, '${kind}', props.spec, props)
  }
}
`
  }

  #typeOf(node: JsonSchema, path: string, doc = node.description): string {
    if (node.enum) return this.#choiceType(node.enum.map(String), path)
    if (node.items) return `${this.#typeOf(node.items, path, doc)}[]`
    if (node.additionalProperties) return `{ [key: string]: ${this.#typeOf(node.additionalProperties, path)} }`
    if (node.properties && !hasPropertyNames(node.properties)) return '{ [key: string]: any }'
    if (node.properties) return this.#sharedType(node) ?? this.#objectType(node, path, doc)
    if (node.type === 'object') return '{ [key: string]: any }'
    if (node.type === 'boolean') return this.#booleanType()
    return node.type === 'integer' ? 'number' : (node.type ?? 'any')
  }

  /** Text, numbers and lists of Terraform's variables have the types of plain ones; booleans do not. */
  #booleanType(): string {
    this.#resolvable = true
    return 'boolean | IResolvable'
  }

  #objectType(node: JsonSchema, path: string, doc = '', name = NAMES[path] ?? pascal(path)): string {
    this.#own.push(this.#interfaceOf(node, path, name, doc))
    return name
  }

  #interfaceOf(node: JsonSchema, path: string, name: string, doc: string): string {
    const props = Object.entries(node.properties ?? {}).map(([field, type]) => {
      const required = node.required?.includes(field) ?? false
      const lines = [type.description ?? field, ...(required ? [] : ['', `@default ${defaultOf(type)}`])]
      const comment = lines.map((line) => (line === '' ? '   *\n' : `   * ${line}\n`)).join('')
      return `  /**\n${comment}   */\n  readonly ${field}${required ? '' : '?'}: ${this.#typeOf(type, `${path}.${field}`)}\n`
    })
    return `/** ${doc} */\nexport interface ${name} {\n${props.join('')}}\n`
  }

  #sharedType(node: JsonSchema): string | undefined {
    const shared =
      SHARED[
        Object.values(node.properties ?? {})
          .map(({ description }) => description)
          .join(' ')
      ]
    if (!shared) return undefined
    // What a shared type uses, its kind does not use by itself.
    const used = new Set(this.#used).add(`type ${shared.name}`)
    this.shared.set(shared.name, this.#interfaceOf(node, shared.name, shared.name, shared.doc))
    this.#used = used
    return shared.name
  }

  /** Choices between the same values are one type. */
  #choiceType(values: string[], path: string): string {
    const name = this.#choices.get(values.join()) ?? CHOICES[path] ?? pascal(path)
    this.#choices.set(values.join(), name)
    const members = values.map((value) => `  ${constant(value)} = '${value}',\n`).join('')
    this.shared.set(name, `/** One of ${values.join(', ')}. */\nexport enum ${name} {\n${members}}\n`)
    this.#used.add(name)
    return name
  }
}

/** Names that are none in other languages can be keys of a map only. */
const hasPropertyNames = (fields: Record<string, JsonSchema>) =>
  Object.keys(fields).every((field) => /^[a-z][A-Za-z0-9]*$/.test(field))

const constant = (value: string) => value.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()

/** The default of the model, or what the description says of it. */
function defaultOf({ default: value, description = '' }: JsonSchema): string {
  if (value !== undefined && JSON.stringify(value) !== '{}') return JSON.stringify(value)
  return `- ${/Default: (.*?)\.(\s|$)/.exec(description)?.[1] ?? (value === undefined ? 'none' : 'that of each field')}`
}

/** An object with the given fields of a schema, and one with all others. */
function splitFields(node: JsonSchema, fields: readonly string[]): [JsonSchema, JsonSchema] {
  const only = (keep: (field: string) => boolean): JsonSchema => ({
    properties: Object.fromEntries(Object.entries(node.properties ?? {}).filter(([field]) => keep(field))),
    required: (node.required ?? []).filter(keep),
  })
  return [only((field) => fields.includes(field)), only((field) => !fields.includes(field))]
}
