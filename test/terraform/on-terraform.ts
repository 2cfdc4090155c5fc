import { describe, test } from 'vitest'
import { describeOnCluster, type TestCluster } from '../kubernetes/on-cluster.ts'
import { missingTerraform } from './terraform.ts'

const missing = missingTerraform()

/** Tests of Terraform against the cluster of the test run. Where there is no Terraform they are skipped, and say why. */
export function describeWithTerraform(name: string, tests: (cluster: () => TestCluster) => void): void {
  if (missing === undefined) {
    describeOnCluster(name, tests)
    return
  }
  const isSkipped = process.env.ENGAGEOPS_CI_REQUIRE_ALL === undefined
  describe.skipIf(isSkipped)(isSkipped ? `${name} (skipped: ${missing})` : name, () => {
    test('there is a Terraform', () => {
      throw new Error(missing)
    })
  })
}
