import { crdYaml } from '../model/generated.ts'
import { KINDS } from '../model/resource.ts'
import { EXIT } from './exit-codes.ts'

export async function run(): Promise<number> {
  process.stdout.write(KINDS.map(crdYaml).join('---\n'))
  return EXIT.ok.code
}
