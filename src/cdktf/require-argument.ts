import type { IConstruct } from 'constructs'

/** Throws where an argument is not what its type says: JavaScript, `any` and context from cdktf.json get past the compiler. */
export function requireArgument(scope: IConstruct, isGiven: boolean, message: string): void {
  if (!isGiven) throw new Error(`${scope.node.path}: ${message}`)
}
