import {
  Activation,
  AudienceType,
  Backend,
  EngageDefaults,
  EngageSpace,
  KubectlProvider,
  kubernetes,
  LogicalType,
  Mapping,
  type PostgresWarehouse,
  Warehouse,
  WarehouseDestination,
  WarehouseSecret,
} from '@engageops/cdktf'
import { TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf'
import type { Construct } from 'constructs'

export interface EngageStackProps {
  /** Namespace of all resources; it is there already. */
  readonly namespace: string
  /** How they get into the cluster. */
  readonly backend: Backend
  /** The Postgres that they write to. */
  readonly warehouse: Omit<PostgresWarehouse, 'passwordSecretRef'>
}

/** A warehouse, an Engage space, and what is written from the one to the other. */
export class EngageStack extends TerraformStack {
  public readonly warehouse: WarehouseDestination
  public readonly space: EngageSpace
  public readonly abandonedCarts: Activation

  constructor(scope: Construct, id: string, { namespace, backend, warehouse }: EngageStackProps) {
    super(scope, id)
    // Both take the cluster of KUBE_CONFIG_PATH.
    new kubernetes.provider.KubernetesProvider(this, 'kubernetes')
    if (backend === Backend.KUBECTL_MANIFEST) new KubectlProvider(this, 'kubectl')
    EngageDefaults.set(this, { namespace, backend, labels: { 'app.kubernetes.io/part-of': 'engage' } })

    // TF_VAR_warehouse_password
    const password = new TerraformVariable(this, 'warehouse_password', { type: 'string', sensitive: true })
    const secret = new WarehouseSecret(this, 'warehouse-password', { values: { password } })

    this.warehouse = new WarehouseDestination(this, 'warehouse', {
      warehouse: Warehouse.postgres({ ...warehouse, passwordSecretRef: secret.key('password') }),
      sync: { schedule: '0 * * * *' },
    })

    this.space = new EngageSpace(this, 'default', {
      spaceName: 'default',
      sources: [{ name: 'calls', volume: { claimName: 'calls' } }],
    })
    this.space.connect(this.warehouse)

    // Classic storage: engage_default.identifies, users, audience_entered, ...
    new Activation(this, 'first-time-shopper', {
      computation: this.space.addAudience('first_time_shopper', { name: 'First-time shoppers' }),
      destination: this.warehouse,
      classic: {},
    })
    new Activation(this, 'total-revenue', {
      computation: this.space.addComputedTrait('total_revenue_180_days', { type: LogicalType.FLOAT }),
      destination: this.warehouse,
      classic: {},
    })

    // Storage actions: a table of your own, default.abandoned_carts.
    this.abandonedCarts = new Activation(this, 'abandoned-carts', {
      computation: this.space.addAudience('abandoned_carts', { type: AudienceType.LINKED }),
      destination: this.warehouse,
      storageActions: {
        table: 'abandoned_carts',
        mapping: Mapping.object({
          user_id: Mapping.path('$.userId'),
          cart: Mapping.path('$.properties.data_graph_entity_context.shopping_cart.id'),
        }),
        columns: [
          {
            name: 'cart_total',
            type: LogicalType.DECIMAL,
            path: '$.properties.data_graph_entity_context.shopping_cart.total',
          },
        ],
      },
    })

    const [table] = this.abandonedCarts.tables
    new TerraformOutput(this, 'table', { value: `${table.schema}.${table.name}` })
    new TerraformOutput(this, 'ready', { value: this.abandonedCarts.ready })
  }
}
