import { Construct, type IConstruct } from 'constructs'
import { Computation } from './computation'
import { EngageDefaults } from './engage-defaults'
import type { EngageManifest } from './engage-manifest'
import type { EngageManifestProps } from './engage-manifest-props'
import {
  ActivationManifest,
  type ActivationOptions,
  type StorageActions,
  type StorageColumn,
  type Trigger,
} from './manifests'
import { Mapping } from './mapping'
import { tablesOf } from './model'
import { containsToken } from './plain-data'
import { requireArgument } from './require-argument'
import { splitProps } from './split-props'
import type { IWarehouseDestination } from './warehouse-destination'

/** A computation that is written to a warehouse. */
export interface IActivation extends IConstruct {
  /** Name of the Activation in the cluster. */
  readonly activationName: string
  /** Its namespace; undefined where none is written. */
  readonly namespace?: string
}

/** One table of your own, with a mapping. */
export interface StorageActionsProps {
  /** Name of the table. It cannot be changed. */
  readonly table: string
  /**
   * What makes a row.
   *
   * @default - entering and leaving of an audience, adding and removing of a Linked Audience, the steps of a journey
   */
  readonly triggers?: Trigger[]
  /**
   * The columns: a map of them by name, each with its value.
   *
   * @default - Segment's own mapping
   */
  readonly mapping?: Mapping
  /**
   * Fields of the call that get a typed column, beside those of the mapping.
   *
   * @default - none
   */
  readonly columns?: StorageColumn[]
}

/** What is written to a warehouse, and how. */
export interface ActivateProps extends EngageManifestProps, ActivationOptions {
  /** The audience, computed trait or journey. */
  readonly computation: Computation
  /**
   * One table of your own, with a mapping; either this or classic.
   *
   * @default - none
   */
  readonly storageActions?: StorageActionsProps
}

/** Props of an Activation. */
export interface ActivationProps extends ActivateProps {
  /** The warehouse; the space of the computation must be connected to it. */
  readonly destination: IWarehouseDestination
}

/** A table in a warehouse. */
export interface ActivationTable {
  /** Its schema. */
  readonly schema: string
  /** Its name. */
  readonly name: string
}

/** One audience, computed trait or journey of a space, written to one warehouse. */
export class Activation extends Construct implements IActivation {
  /**
   * An Activation that is made elsewhere.
   *
   * @param scope where it is used
   * @param id its id there
   * @param activationName its name in the cluster
   */
  public static fromActivationName(scope: Construct, id: string, activationName: string): IActivation {
    return new ImportedActivation(scope, id, activationName)
  }

  /** Its manifest: the way to what props cannot say. */
  public readonly manifest: EngageManifest
  public readonly activationName: string
  public readonly namespace?: string
  /** What is written. */
  public readonly computation: Computation
  /** Where it is written. */
  public readonly destination: IWarehouseDestination

  constructor(scope: Construct, id: string, props: ActivationProps) {
    super(scope, id)
    const { common, own } = splitProps(props)
    const { computation, destination, storageActions, ...options } = own
    requireArgument(
      this,
      computation instanceof Computation,
      'computation: is none: write what space.addAudience(key) returns, or space.audience(key) and the like',
    )
    requireArgument(this, Construct.isConstruct(destination), 'destination: is none: write a WarehouseDestination')
    requireArgument(
      this,
      storageActions?.mapping === undefined || storageActions.mapping instanceof Mapping,
      'storageActions.mapping: is no Mapping: write Mapping.object({ ... }); ActivationManifest takes plain data',
    )
    this.computation = computation
    this.destination = destination
    this.manifest = new ActivationManifest(this, 'Resource', {
      ...common,
      spec: {
        spaceRef: { name: computation.space.resourceName },
        destinationRef: { name: destination.destinationName },
        computation: computation._spec(),
        storageActions: storageActions && specOf(storageActions, computation),
        ...options,
      },
    })
    this.manifest._referTo(computation.space)
    this.manifest._referTo(destination)
    this.activationName = this.manifest.name
    this.namespace = this.manifest.namespace
  }

  /** The tables that rows land in, as far as they are known before the first call. */
  public get tables(): ActivationTable[] {
    const { warehouseKind } = this.destination
    if (warehouseKind === undefined) {
      throw new Error(
        `${this.node.path}: the warehouse of ${this.destination.destinationName} is not known, and names of tables depend on it: write WarehouseDestination.fromDestinationAttributes with warehouseKind`,
      )
    }
    const schemas = this.computation.space.schemas(this.destination)
    const naming = namingOf(this.manifest._declared().spec)
    if (containsToken([schemas, naming.classic, naming.storageActions])) {
      throw new Error(`${this.node.path}: names of tables come from a value that only Terraform knows (a token)`)
    }
    return tablesOf(naming, schemas, warehouseKind)
  }

  /** The schema that rows land in. */
  public get schema(): string {
    const { classic, storageActions } = this.computation.space.schemas(this.destination)
    return this.manifest._declared().spec.storageActions ? storageActions : classic
  }

  /** Status of the condition Ready, as a token: `True`, `False`, `Unknown`, or empty text as long as there is none. */
  public get ready(): string {
    return this.manifest.conditionStatus('Ready')
  }

  /** Status of the last sync, as a token: `Success`, `Partial`, `Failure`, or empty text before the first. */
  public get lastSyncStatus(): string {
    return this.manifest.statusAttribute('lastSync.status')
  }

  /** When the last sync ended, as a token; empty text before the first. */
  public get lastSyncEnd(): string {
    return this.manifest.statusAttribute('lastSync.end')
  }
}

class ImportedActivation extends Construct implements IActivation {
  public readonly namespace?: string

  constructor(
    scope: Construct,
    id: string,
    public readonly activationName: string,
  ) {
    super(scope, id)
    this.namespace = EngageDefaults.of(this).namespace
  }
}

/** A spec with what names of tables come from; the rest of it may be tokens. */
function namingOf({ computation, classic, storageActions }: any): { [key: string]: any } {
  const elsewhere = { name: 'elsewhere' }
  return {
    spaceRef: elsewhere,
    destinationRef: elsewhere,
    computation,
    classic: classic && { calls: classic.calls, eventNames: classic.eventNames },
    storageActions: storageActions && { table: storageActions.table, triggers: storageActions.triggers },
  }
}

function specOf(props: StorageActionsProps, computation: Computation): StorageActions {
  const { table, triggers = computation._triggers(), mapping, ...others } = props
  return { table, triggers, mapping: mapping && { properties: mapping.toJson() }, ...others }
}
