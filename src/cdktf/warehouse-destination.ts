import { Construct, type IConstruct } from 'constructs'
import { type ActivateProps, Activation } from './activation'
import { EngageDefaults } from './engage-defaults'
import type { EngageManifest } from './engage-manifest'
import type { EngageManifestProps } from './engage-manifest-props'
import { WarehouseDestinationManifest, type WarehouseDestinationOptions } from './manifests'
import { requireArgument } from './require-argument'
import { splitProps } from './split-props'
import { Warehouse } from './warehouse'

/** A warehouse that Engage data is written to. */
export interface IWarehouseDestination extends IConstruct {
  /** Name of the WarehouseDestination in the cluster. */
  readonly destinationName: string
  /** Its namespace; undefined where none is written. */
  readonly namespace?: string
  /** Its block in the spec, such as `postgres`; undefined where only its name is known. */
  readonly warehouseKind?: string

  /**
   * Writes a computation into this warehouse.
   *
   * @param id id of the activation, below the destination
   * @param props what is written, and how
   */
  activate(id: string, props: ActivateProps): Activation
}

/** Props of a WarehouseDestination. */
export interface WarehouseDestinationProps extends EngageManifestProps, WarehouseDestinationOptions {
  /** Which warehouse it is, and how it is reached. */
  readonly warehouse: Warehouse
}

/** What is known of a WarehouseDestination that is made elsewhere. */
export interface WarehouseDestinationAttributes {
  /** Its name in the cluster. */
  readonly destinationName: string
  /**
   * Its namespace.
   *
   * @default - that of EngageDefaults
   */
  readonly namespace?: string
  /**
   * Its block in the spec, such as `postgres`: names of tables depend on it.
   *
   * @default - unknown, and so are names of tables
   */
  readonly warehouseKind?: string
}

abstract class DestinationBase extends Construct implements IWarehouseDestination {
  public abstract readonly destinationName: string
  public abstract readonly namespace?: string
  public abstract readonly warehouseKind?: string

  public activate(id: string, props: ActivateProps): Activation {
    return new Activation(this, id, { ...props, destination: this })
  }
}

/** A warehouse that Engage data is written to: how to reach it, when to sync, what may change in it. */
export class WarehouseDestination extends DestinationBase {
  /**
   * A WarehouseDestination that is made elsewhere.
   *
   * @param scope where it is used
   * @param id its id there
   * @param destinationName its name in the cluster
   */
  public static fromDestinationName(scope: Construct, id: string, destinationName: string): IWarehouseDestination {
    return new ImportedDestination(scope, id, { destinationName })
  }

  /**
   * A WarehouseDestination that is made elsewhere.
   *
   * @param scope where it is used
   * @param id its id there
   * @param attributes what is known of it
   */
  public static fromDestinationAttributes(
    scope: Construct,
    id: string,
    attributes: WarehouseDestinationAttributes,
  ): IWarehouseDestination {
    return new ImportedDestination(scope, id, attributes)
  }

  /** Its manifest: the way to what props cannot say. */
  public readonly manifest: EngageManifest
  public readonly destinationName: string
  public readonly namespace?: string
  public readonly warehouseKind?: string

  constructor(scope: Construct, id: string, props: WarehouseDestinationProps) {
    super(scope, id)
    const { common, own } = splitProps(props)
    const { warehouse, ...options } = own
    requireArgument(
      this,
      warehouse instanceof Warehouse,
      'warehouse: is no Warehouse: write Warehouse.postgres({ ... }), or another of them',
    )
    this.manifest = new WarehouseDestinationManifest(this, 'Resource', {
      ...common,
      spec: { [warehouse.kind]: warehouse._settings, ...options },
    })
    this.destinationName = this.manifest.name
    this.namespace = this.manifest.namespace
    this.warehouseKind = warehouse.kind
  }
}

class ImportedDestination extends DestinationBase {
  public readonly destinationName: string
  public readonly namespace?: string
  public readonly warehouseKind?: string

  constructor(scope: Construct, id: string, attributes: WarehouseDestinationAttributes) {
    super(scope, id)
    this.destinationName = attributes.destinationName
    this.namespace = attributes.namespace ?? EngageDefaults.of(this).namespace
    this.warehouseKind = attributes.warehouseKind
  }
}
