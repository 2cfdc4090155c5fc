import { mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { goTool } from '../../scripts/go-tool.ts'

const OURS = path.join(import.meta.dirname, 'kubernetes-provider/main.ts')
const REGISTRY = 'registry.terraform.io'
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch

/**
 * A folder that Terraform and OpenTofu take providers from in place of their registries: the real gavinbunney/kubectl, and our own
 * hashicorp/kubernetes. Returns Terraform's configuration that names it.
 */
export async function writeMirror(folder: string): Promise<string> {
  const mirror = path.join(folder, 'mirror')
  await symlink(await goTool('terraform-provider-kubectl'), await place(mirror, 'gavinbunney/kubectl', '1.19.0'))
  // Terraform starts a provider several times a command: what Node has compiled is kept.
  const cache = path.join(folder, 'compile-cache')
  const script = `#!/bin/sh\nNODE_COMPILE_CACHE='${cache}' exec '${process.execPath}' '${OURS}'\n`
  await writeFile(await place(mirror, 'hashicorp/kubernetes', '2.38.0'), script, { mode: 0o755 })
  // OpenTofu asks its own registry.
  await symlink(REGISTRY, path.join(mirror, 'registry.opentofu.org'))

  const configuration = path.join(folder, 'terraform.rc')
  const installation = `filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }`
  await writeFile(configuration, `disable_checkpoint = true\nprovider_installation {\n  ${installation}\n}\n`)
  return configuration
}

/** Where a provider's program goes; its folder is there then. */
async function place(mirror: string, source: string, version: string): Promise<string> {
  const platform = `${process.platform}_${ARCHITECTURE}`
  const folder = path.join(mirror, REGISTRY, source, version, platform)
  await mkdir(folder, { recursive: true })
  return path.join(folder, `terraform-provider-${path.basename(source)}_v${version}`)
}
