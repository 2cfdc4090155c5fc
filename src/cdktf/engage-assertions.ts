import type { IConstruct } from 'constructs'
import { EngageManifests } from './engage-manifests'
import { compact, isPlain, isSame } from './plain-data'

/** Assertions on the resources of a tree, for any test runner: each throws an Error where it does not hold. */
export class EngageAssertions {
  /**
   * Assertions on all resources below a construct. Throws where synthesis would.
   *
   * @param scope a stack, the app, or any construct
   */
  public static fromConstruct(scope: IConstruct): EngageAssertions {
    return new EngageAssertions(EngageManifests.of(scope))
  }

  private constructor(private readonly manifests: { [key: string]: any }[]) {}

  /**
   * There is an EngageSpace that has all of these fields.
   *
   * @param spec fields of its spec; of maps those that are named count, lists and the rest must be equal
   */
  public hasSpace(spec: { [key: string]: any }): void {
    this.hasResource('EngageSpace', { spec })
  }

  /**
   * There is a WarehouseDestination that has all of these fields.
   *
   * @param spec fields of its spec; of maps those that are named count, lists and the rest must be equal
   */
  public hasDestination(spec: { [key: string]: any }): void {
    this.hasResource('WarehouseDestination', { spec })
  }

  /**
   * There is an Activation that has all of these fields.
   *
   * @param spec fields of its spec; of maps those that are named count, lists and the rest must be equal
   */
  public hasActivation(spec: { [key: string]: any }): void {
    this.hasResource('Activation', { spec })
  }

  /**
   * There is a resource that has all of these fields.
   *
   * @param kind its kind
   * @param fields fields of its manifest; of maps those that are named count, lists and the rest must be equal
   */
  public hasResource(kind: string, fields: { [key: string]: any }): void {
    const ofKind = this.manifests.filter((manifest) => manifest.kind === kind)
    const differences = ofKind.map((manifest) => ({
      name: manifest.metadata.name,
      found: differencesOf(manifest, fields),
    }))
    if (differences.some(({ found }) => found.length === 0)) return
    const lines = differences.map(({ name, found }) => `  ${kind}/${name}: ${found.join('; ')}`)
    throw new Error(
      [
        `no ${kind} has ${JSON.stringify(fields)}; there ${ofKind.length === 1 ? 'is' : 'are'} ${ofKind.length}:`,
        ...lines,
      ].join('\n'),
    )
  }

  /**
   * There are so many resources of a kind.
   *
   * @param kind the kind
   * @param count how many
   */
  public resourceCountIs(kind: string, count: number): void {
    const names = this.manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name)
    if (names.length === count) return
    throw new Error(`there are ${names.length} of ${kind}, not ${count}: ${names.join(', ') || 'none'}`)
  }
}

/** The fields that differ from what is expected. */
function differencesOf(actual: any, expected: any, path = ''): string[] {
  if (isPlain(expected) && isPlain(actual)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      differencesOf(actual[key], value, path === '' ? key : `${path}.${key}`),
    )
  }
  if (isSame(actual, compact(expected))) return []
  return [`${path} is ${JSON.stringify(actual) ?? 'not set'}`]
}
