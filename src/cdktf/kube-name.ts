import { createHash } from 'node:crypto'
import { TerraformStack } from 'cdktf'
import type { IConstruct } from 'constructs'

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const MAX = 63

/** Names of Kubernetes objects, made of the paths of constructs. */
export class KubeName {
  /**
   * The name of what a construct makes: its id where that is a name already, such as `vip` below a stack; else the path
   * below the stack in lower case, with eight characters of its hash. It stays the same as long as the path does.
   *
   * @param scope the construct
   */
  public static of(scope: IConstruct): string {
    const ids = idsBelowStack(scope)
    const [only, ...others] = ids
    if (only !== undefined && others.length === 0 && LABEL.test(only)) return only
    const hash = createHash('sha256').update(JSON.stringify(ids)).digest('hex').slice(0, 8)
    const words = ids
      .join('-')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, MAX - 1 - hash.length)
      .replace(/^-+|-+$/g, '')
    return words === '' ? `x-${hash}` : `${words}-${hash}`
  }
}

/** Without the ids that AWS CDK and CDK for Terraform leave out of paths too. */
function idsBelowStack(scope: IConstruct): string[] {
  const path: string[] = []
  for (const construct of [...scope.node.scopes].reverse()) {
    if (TerraformStack.isStack(construct)) break
    path.unshift(construct.node.id)
  }
  return path.filter((id) => id !== '' && id !== 'Resource' && id !== 'Default')
}
