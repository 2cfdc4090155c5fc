import { mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { goTool } from '../../scripts/go-tool.ts'

const OURS = path.join(import.meta.dirname, 'kubernetes-provider/main.ts')
const REGISTRIES = ['registry.terraform.io', 'registry.opentofu.org']
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch

/**
 * A folder that Terraform and OpenTofu take providers from in place of their registries: the real gavinbunney/kubectl, and
 * our own hashicorp/kubernetes. Returns the configuration that names it.
 */
export async function writeMirror(folder: string): Promise<string> {
  const mirror = path.join(folder, 'mirror')
  const kubectl = await goTool('terraform-provider-kubectl')
  // A provider is started several times a command: what Node has compiled is kept.
  const cache = path.join(folder, 'compile-cache')
  const script = `#!/bin/sh\nNODE_COMPILE_CACHE='${cache}' exec '${process.execPath}' '${OURS}'\n`
  for (const registry of REGISTRIES) {
    await symlink(kubectl, await place(path.join(mirror, registry), 'gavinbunney/kubectl', '1.19.0'))
    const ours = await place(path.join(mirror, registry), 'hashicorp/kubernetes', '2.38.0')
    await writeFile(ours, script, { mode: 0o755 })
  }

  const configuration = path.join(folder, 'terraform.rc')
  const installation = `filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }`
  await writeFile(configuration, `disable_checkpoint = true\nprovider_installation {\n  ${installation}\n}\n`)
  return configuration
}

/** Where a provider's program goes; its folder is there then. */
async function place(registry: string, source: string, version: string): Promise<string> {
  const folder = path.join(registry, source, version, `${process.platform}_${ARCHITECTURE}`)
  await mkdir(folder, { recursive: true })
  return path.join(folder, `terraform-provider-${path.basename(source)}_v${version}`)
}
