import { Construct } from 'constructs'
import { Activation, type StorageActionsProps } from './activation'
import type { Computation } from './computation'
import { EngageSpace } from './engage-space'
import type { AudienceProps, ComputedTraitProps, ConnectProps, JourneyProps } from './engage-space-props'
import { AudienceType, type ClassicStorage, type EngageSpaceOptions, type StorageColumn } from './manifests'
import type { Mapping } from './mapping'
import type { IWarehouseDestination } from './warehouse-destination'

/** The table of a Linked Audience or a journey in a pipeline. */
export interface PipelineTable {
  /**
   * Name of the table.
   *
   * @default - the key
   */
  readonly table?: string
  /**
   * What the columns are filled with.
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

/** An audience of a pipeline. */
export interface PipelineAudience extends AudienceProps {
  /** Its key, as calls carry it. */
  readonly key: string
  /**
   * The table of a Linked Audience; profile audiences have none of their own.
   *
   * @default - Segment's own mapping, in a table named as the key
   */
  readonly storage?: PipelineTable
}

/** A computed trait of a pipeline. */
export interface PipelineTrait extends ComputedTraitProps {
  /** Its key, as calls carry it. */
  readonly key: string
}

/** A journey of a pipeline. */
export interface PipelineJourney extends JourneyProps {
  /** Its key, as calls carry it. */
  readonly key: string
  /**
   * The table of its steps.
   *
   * @default - Segment's own mapping, in a table named as the key
   */
  readonly storage?: PipelineTable
}

/** Props of an EngagePipeline. */
export interface EngagePipelineProps extends EngageSpaceOptions {
  /** Name of the space; names of schemas come from it. It cannot be changed. */
  readonly spaceName: string
  /** The warehouse that everything is written to. */
  readonly destination: IWarehouseDestination
  /**
   * How the space uses the warehouse.
   *
   * @default - with the default schemas
   */
  readonly connection?: ConnectProps
  /**
   * Classic storage of profile audiences and computed traits.
   *
   * @default - all its defaults
   */
  readonly classic?: ClassicStorage
  /**
   * Audiences: profile audiences go to classic storage, Linked Audiences to a table each.
   *
   * @default - none
   */
  readonly audiences?: PipelineAudience[]
  /**
   * Computed traits: they go to classic storage.
   *
   * @default - none
   */
  readonly computedTraits?: PipelineTrait[]
  /**
   * Journeys: they go to a table each.
   *
   * @default - none
   */
  readonly journeys?: PipelineJourney[]
}

/**
 * The usual case: a space that writes all that it computes to one warehouse. Namespace, labels and backend are those of
 * EngageDefaults.
 */
export class EngagePipeline extends Construct {
  /** The space. */
  public readonly space: EngageSpace
  /** The activations by the keys of what they write. */
  public readonly activations: { [key: string]: Activation } = {}

  private readonly destination: IWarehouseDestination

  constructor(scope: Construct, id: string, props: EngagePipelineProps) {
    super(scope, id)
    const {
      destination,
      connection,
      classic = {},
      audiences = [],
      computedTraits = [],
      journeys = [],
      ...space
    } = props
    this.destination = destination
    this.space = new EngageSpace(this, 'Space', space)
    this.space.connect(destination, connection)
    for (const { key, storage, ...audience } of audiences) {
      const computation = this.space.addAudience(key, audience)
      if (audience.type === AudienceType.LINKED) this.write(computation, undefined, tableOf(key, storage))
      else if (storage === undefined) this.write(computation, classic)
      else
        throw new Error(
          `${this.node.path}: audiences: "${key}" is a profile audience: leave storage out, or write AudienceType.LINKED`,
        )
    }
    for (const { key, ...trait } of computedTraits) this.write(this.space.addComputedTrait(key, trait), classic)
    for (const { key, storage, ...journey } of journeys) {
      this.write(this.space.addJourney(key, journey), undefined, tableOf(key, storage))
    }
  }

  private write(computation: Computation, classic?: ClassicStorage, storageActions?: StorageActionsProps): void {
    const { destination } = this
    const { key } = computation
    this.activations[key] = new Activation(this, key, { computation, destination, classic, storageActions })
  }
}

const tableOf = (key: string, storage: PipelineTable = {}): StorageActionsProps => ({ table: key, ...storage })
