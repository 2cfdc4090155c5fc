import type { IConstruct } from 'constructs'
import { plainYaml } from './backend'
import type { EngageManifest } from './engage-manifest'
import { manifestsIn, problemsInOne, problemsOf } from './tree-check'

/** The manifests of a tree. */
export class EngageManifests {
  /**
   * All manifests below a construct as YAML, for Argo CD, Flux or kubectl: what the stack brings into a cluster, whatever
   * the backend. Throws where synthesis would, and where it is not fit for one cluster; policies count, other Aspects run at
   * synthesis only. Secrets are left out.
   *
   * @param scope a stack, the app where its stacks are of one cluster, or any construct
   */
  public static toYaml(scope: IConstruct): string {
    return checked(scope, problemsInOne)
      .map((manifest) => plainYaml(manifest.toManifest(), manifest.node.path))
      .join('---\n')
  }

  /**
   * All manifests below a construct as plain data. Throws where synthesis would; policies count, other Aspects run at synthesis
   * only.
   *
   * @param scope a stack, the app, or any construct
   */
  public static of(scope: IConstruct): { [key: string]: any }[] {
    return checked(scope, problemsOf).map((manifest) => manifest.toManifest())
  }
}

function checked(scope: IConstruct, check: typeof problemsOf): EngageManifest[] {
  const manifests = manifestsIn(scope)
  const problems = check(manifests)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return manifests
}
