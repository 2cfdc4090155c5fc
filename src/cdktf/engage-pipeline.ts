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

/** What everything that a pipeline writes has. */
export interface PipelineComputation {
  /** Its key, as calls carry it. */
  readonly key: string
  /**
   * Name of its Activation in the cluster: `metadata.name`.
   *
   * @default - made of the path of the construct, see KubeName
   */
  readonly activationName?: string
}

/** An audience of a pipeline. */
export interface PipelineAudience extends PipelineComputation, AudienceProps {
  /**
   * The table of a Linked Audience; profile audiences have none of their own.
   *
   * @default - Segment's own mapping, in a table named as the key
   */
  readonly storage?: PipelineTable
}

/** A computed trait of a pipeline. */
export interface PipelineTrait extends PipelineComputation, ComputedTraitProps {}

/** A journey of a pipeline. */
export interface PipelineJourney extends PipelineComputation, JourneyProps {
  /**
   * The table of its steps.
   *
   * @default - Segment's own mapping, in a table named as the key
   */
  readonly storage?: PipelineTable
}

/** Props of an EngagePipeline. */
export interface EngagePipelineProps extends EngageSpaceOptions {
  /**
   * Name of the EngageSpace in the cluster: `metadata.name`. Audiences, traits and journeys have `activationName`.
   *
   * @default - made of the path of the construct, see KubeName
   */
  readonly name?: string
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
  /** Apart from the space, for a key can be the id of anything. */
  private readonly written: Construct

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
    this.written = new Construct(this, 'Activations')
    this.space.connect(destination, connection)
    for (const { key, activationName, storage, ...audience } of audiences) {
      const computation = this.space.addAudience(key, audience)
      const linked = audience.type === AudienceType.LINKED
      if (linked) this.write(computation, activationName, { storageActions: tableOf(key, storage) })
      else if (storage === undefined) this.write(computation, activationName, { classic })
      else
        throw new Error(
          `${this.node.path}: audiences: "${key}" is a profile audience: leave storage out, or write AudienceType.LINKED`,
        )
    }
    for (const { key, activationName, ...trait } of computedTraits) {
      this.write(this.space.addComputedTrait(key, trait), activationName, { classic })
    }
    for (const { key, activationName, storage, ...journey } of journeys) {
      this.write(this.space.addJourney(key, journey), activationName, { storageActions: tableOf(key, storage) })
    }
  }

  private write(computation: Computation, name: string | undefined, storage: PipelineStorage): void {
    const { destination, written } = this
    const { key } = computation
    this.activations[key] = new Activation(written, key, { name, computation, destination, ...storage })
  }
}

/** One of the two kinds of storage. */
type PipelineStorage = { readonly classic: ClassicStorage } | { readonly storageActions: StorageActionsProps }

const tableOf = (key: string, storage: PipelineTable = {}): StorageActionsProps => ({ table: key, ...storage })
