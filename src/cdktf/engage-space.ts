import { Construct, type IConstruct } from 'constructs'
import { Computation, ComputationKind } from './computation'
import { EngageDefaults } from './engage-defaults'
import type { EngageManifest } from './engage-manifest'
import type { EngageManifestProps } from './engage-manifest-props'
import type { AudienceProps, ComputedTraitProps, ConnectProps, JourneyProps } from './engage-space-props'
import {
  type AudienceSpec,
  AudienceType,
  type ComputedTraitSpec,
  type ConnectionSchemas,
  EngageSpaceManifest,
  type EngageSpaceOptions,
  type JourneySpec,
  type SpaceConnection,
} from './manifests'
import { schemasOf } from './model'
import { nonEmpty } from './plain-data'
import { requireArgument } from './require-argument'
import { splitProps } from './split-props'
import type { IWarehouseDestination } from './warehouse-destination'

/** The schemas of a space in one warehouse. */
export interface SpaceSchemas {
  /** Schema of classic storage. */
  readonly classic: string
  /** Schema of storage actions. */
  readonly storageActions: string
}

/** An Engage space. */
export interface IEngageSpace extends IConstruct {
  /** Name of the EngageSpace in the cluster. */
  readonly resourceName: string
  /** Its namespace; undefined where none is written. */
  readonly namespace?: string

  /**
   * An audience that the space has.
   *
   * @param key its key
   * @param type whether it is a Linked Audience; default: what the space says, else Profile
   */
  audience(key: string, type?: AudienceType): Computation

  /**
   * A computed trait that the space has.
   *
   * @param key its key
   */
  computedTrait(key: string): Computation

  /**
   * A journey that the space has.
   *
   * @param key its key
   */
  journey(key: string): Computation

  /**
   * The schemas of the space in a warehouse that it is connected to.
   *
   * @param destination the warehouse
   */
  schemas(destination: IWarehouseDestination): SpaceSchemas
}

/** Props of an EngageSpace. */
export interface EngageSpaceProps extends EngageManifestProps, EngageSpaceOptions {
  /** Name of the space; names of schemas come from it. It cannot be changed. */
  readonly spaceName: string
}

/** What is known of an EngageSpace that is made elsewhere. */
export interface EngageSpaceAttributes {
  /** Its name in the cluster. */
  readonly resourceName: string
  /**
   * Its namespace.
   *
   * @default - that of EngageDefaults
   */
  readonly namespace?: string
  /**
   * Name of the space: `spec.name`.
   *
   * @default - unknown, and so are names of schemas
   */
  readonly spaceName?: string
  /**
   * Schemas that it uses instead of the default ones.
   *
   * @default - none
   */
  readonly schemas?: ConnectionSchemas
}

abstract class SpaceBase extends Construct implements IEngageSpace {
  public abstract readonly resourceName: string
  public abstract readonly namespace?: string

  public abstract schemas(destination: IWarehouseDestination): SpaceSchemas

  public audience(key: string, type?: AudienceType): Computation {
    const linked = type === AudienceType.LINKED
    return new Computation(this, linked ? ComputationKind.LINKED_AUDIENCE : ComputationKind.AUDIENCE, key)
  }

  public computedTrait(key: string): Computation {
    return new Computation(this, ComputationKind.COMPUTED_TRAIT, key)
  }

  public journey(key: string): Computation {
    return new Computation(this, ComputationKind.JOURNEY, key)
  }
}

/** An Engage space: what it computes, where its calls come from, and the warehouses it is connected to. */
export class EngageSpace extends SpaceBase {
  /**
   * An EngageSpace that is made elsewhere.
   *
   * @param scope where it is used
   * @param id its id there
   * @param resourceName its name in the cluster
   */
  public static fromSpaceName(scope: Construct, id: string, resourceName: string): IEngageSpace {
    return new ImportedSpace(scope, id, { resourceName })
  }

  /**
   * An EngageSpace that is made elsewhere.
   *
   * @param scope where it is used
   * @param id its id there
   * @param attributes what is known of it
   */
  public static fromSpaceAttributes(scope: Construct, id: string, attributes: EngageSpaceAttributes): IEngageSpace {
    return new ImportedSpace(scope, id, attributes)
  }

  /** Its manifest: the way to what props cannot say. */
  public readonly manifest: EngageManifest
  public readonly resourceName: string
  public readonly namespace?: string
  /** Name of the space; names of schemas come from it. */
  public readonly spaceName: string

  // The manifest reads these lists when it is written: what is added to them is in it.
  private readonly destinations: SpaceConnection[] = []
  private readonly audiences: AudienceSpec[] = []
  private readonly computedTraits: ComputedTraitSpec[] = []
  private readonly journeys: JourneySpec[] = []

  constructor(scope: Construct, id: string, props: EngageSpaceProps) {
    super(scope, id)
    const { common, own } = splitProps(props)
    const { spaceName, ...options } = own
    const lists = this
    this.manifest = new EngageSpaceManifest(this, 'Resource', {
      ...common,
      spec: {
        name: spaceName,
        ...options,
        get destinations() {
          return nonEmpty(lists.destinations)
        },
        get audiences() {
          return nonEmpty(lists.audiences)
        },
        get computedTraits() {
          return nonEmpty(lists.computedTraits)
        },
        get journeys() {
          return nonEmpty(lists.journeys)
        },
      },
    })
    this.resourceName = this.manifest.name
    this.namespace = this.manifest.namespace
    this.spaceName = spaceName
  }

  /**
   * Connects the space to a warehouse, so that its activations can write there.
   *
   * @param destination the warehouse
   * @param props how it is used
   */
  public connect(destination: IWarehouseDestination, props: ConnectProps = {}): void {
    this.refer(destination)
    this.destinations.push({ name: destination.destinationName, ...props })
    this.manifest._validate()
  }

  /**
   * Declares an audience.
   *
   * @param key its key, as calls carry it
   * @param props its name and type, and how it is computed
   */
  public addAudience(key: string, props: AudienceProps = {}): Computation {
    const { sql, ...others } = props
    this.audiences.push({ key, ...others, sql: sql && { ...sql, destination: this.refer(sql.destination) } })
    this.validateAddition(key)
    return this.audience(key, props.type)
  }

  /**
   * Declares a computed trait.
   *
   * @param key its key, as calls carry it
   * @param props its type and name, and how it is computed
   */
  public addComputedTrait(key: string, props: ComputedTraitProps): Computation {
    requireArgument(
      this,
      props !== undefined,
      `computed trait "${key}": has no type: write { type: LogicalType.DECIMAL }, or another of them`,
    )
    const { sql, ...others } = props
    this.computedTraits.push({ key, ...others, sql: sql && { ...sql, destination: this.refer(sql.destination) } })
    this.validateAddition(key)
    return this.computedTrait(key)
  }

  /**
   * Declares a journey.
   *
   * @param key its key, as calls carry it
   * @param props its name
   */
  public addJourney(key: string, props: JourneyProps = {}): Computation {
    this.journeys.push({ key, ...props })
    this.validateAddition(key)
    return this.journey(key)
  }

  public audience(key: string, type?: AudienceType): Computation {
    return super.audience(key, type ?? this.audiences.find((audience) => audience.key === key)?.type)
  }

  public schemas(destination: IWarehouseDestination): SpaceSchemas {
    const connection = this.destinations.find(({ name }) => name === destination.destinationName)
    if (connection) return schemasOf({ name: this.spaceName }, connection)
    throw new Error(
      `${this.node.path}: is not connected to ${destination.destinationName}: write space.connect(destination)`,
    )
  }

  /** With all that has the key: it must be the only one. */
  private validateAddition(key: string): void {
    const { spaceName: name, destinations } = this
    const ofKey = <T extends { readonly key: string }>(list: readonly T[]) => list.filter((one) => one.key === key)
    this.manifest._validateAddition({
      name,
      destinations,
      audiences: ofKey(this.audiences),
      computedTraits: ofKey(this.computedTraits),
      journeys: ofKey(this.journeys),
    })
  }

  /** The name of a warehouse, which Terraform then makes before the space. */
  private refer(destination: IWarehouseDestination): string {
    requireArgument(this, Construct.isConstruct(destination), 'destination: is none: write a WarehouseDestination')
    this.manifest._referTo(destination)
    return destination.destinationName
  }
}

class ImportedSpace extends SpaceBase {
  public readonly resourceName: string
  public readonly namespace?: string
  private readonly attributes: EngageSpaceAttributes

  constructor(scope: Construct, id: string, attributes: EngageSpaceAttributes) {
    super(scope, id)
    this.resourceName = attributes.resourceName
    this.namespace = attributes.namespace ?? EngageDefaults.of(this).namespace
    this.attributes = attributes
  }

  public schemas(): SpaceSchemas {
    const { spaceName, schemas } = this.attributes
    if (spaceName !== undefined) return schemasOf({ name: spaceName }, { schemas })
    throw new Error(
      `${this.node.path}: the name of the space is not known: write EngageSpace.fromSpaceAttributes with spaceName`,
    )
  }
}
