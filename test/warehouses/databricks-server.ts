import { describe, inject } from 'vitest'
import type { DatabricksSettings } from '../../src/model/warehouse-block.ts'
import type { Warehouse } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { hasMaven } from '../tools/maven-jars.ts'
import { hasPython } from '../tools/python-venv.ts'
import { Gateway } from './databricks/gateway.ts'

declare module 'vitest' {
  interface ProvidedContext {
    sparkStarter: string
  }
}

/** A workspace of one test file, in front of the Spark of this test run, which starts when it is asked for first. */
export async function startDatabricks() {
  const response = await fetch(inject('sparkStarter'))
  const answer = await response.text()
  if (!response.ok) throw new Error(answer)
  const gateway = await Gateway.start(Number(answer))
  const settings: DatabricksSettings = {
    host: 'localhost',
    port: gateway.port,
    httpPath: gateway.httpPath,
    catalog: gateway.catalog,
    clientId: gateway.clientId,
    clientSecretSecretRef: { name: 'warehouse', key: 'secret' },
    caSecretRef: { name: 'warehouse', key: 'ca' },
    stagingVolume: gateway.volume,
  }
  const warehouseOf = (changed: DatabricksSettings, clientSecret = gateway.clientSecret): Promise<Warehouse> => {
    const secret = async ({ key }: { key: string }) => (key === 'ca' ? gateway.ca : clientSecret)
    return openWarehouse({ kind: 'databricks', settings: changed }, { baseDir: '.', secret })
  }
  return {
    gateway,
    settings,
    warehouseOf,
    warehouse: (changed: Partial<DatabricksSettings> = {}, clientSecret?: string) =>
      warehouseOf({ ...settings, ...changed }, clientSecret),
  }
}

/** Tests that need the server. Where it cannot be installed they are skipped, and say why; with ENGAGEOPS_CI_REQUIRE_ALL they fail. */
export function describeOnSpark(name: string, body: () => void): void {
  const isSkipped = !(hasPython() && hasMaven()) && process.env.ENGAGEOPS_CI_REQUIRE_ALL === undefined
  const title = isSkipped ? `${name} (skipped: Python or Maven, which install the test server, are missing)` : name
  describe.skipIf(isSkipped)(title, body)
}
