// Images without an engine: an OCI archive of files, the same bytes for the same files.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, globSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { IMAGE, imageFiles } from '../../scripts/image-files.ts'

const ROOT = path.join(import.meta.dirname, '../..')

/** What the base image of the Dockerfile has besides libraries. */
const BASE = path.join(import.meta.dirname, 'image-base')

/** Name of the project's image in tests. */
export const PROJECT_IMAGE = 'localhost/engageops:test'

/** Writes the image that the Dockerfile makes, from a checkout that is built: Node, its libraries, the project's files. */
export async function writeProjectImage(archive: string): Promise<void> {
  const node = path.join(ROOT, 'node_modules/node/bin/node')
  const files = new Map([
    ...[...librariesOf(node)].map((library): [string, string] => [library.slice(1), library]),
    ...globSync('etc/*', { cwd: BASE }).map((file): [string, string] => [file, path.join(BASE, file)]),
    ['usr/local/bin/node', node],
    ...imageFiles(ROOT).map((file): [string, string] => [
      path.join(IMAGE.folder.slice(1), file),
      path.join(ROOT, file),
    ]),
  ])
  await writeArchive(archive, { name: PROJECT_IMAGE, files, config: IMAGE.config })
}

export interface ImageContent {
  name: string
  /** Paths in the image, with no `/` before them, to files of this host. */
  files: ReadonlyMap<string, string>
  /** How a container starts, in the words of the OCI image configuration. */
  config: object
}

/** Writes an OCI archive with one layer. Files belong to root, who alone may write them; their time is 1970. */
export async function writeArchive(archive: string, { name, files, config }: ImageContent): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'engageops-image-'))
  try {
    const blobs = path.join(folder, 'archive/blobs/sha256')
    await mkdir(blobs, { recursive: true })
    const addJson = async (mediaType: string, value: object) => {
      const text = JSON.stringify(value)
      const hash = createHash('sha256').update(text).digest('hex')
      await writeFile(path.join(blobs, hash), text)
      return { mediaType, digest: `sha256:${hash}`, size: Buffer.byteLength(text) }
    }
    const layer = await writeLayer(folder, blobs, files)
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch
    const imageConfig = await addJson('application/vnd.oci.image.config.v1+json', {
      architecture,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    })
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = await addJson(mediaType, { schemaVersion: 2, mediaType, config: imageConfig, layers: [layer] })
    const annotations = { 'io.containerd.image.name': name }
    const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] }
    await writeFile(path.join(folder, 'archive/index.json'), JSON.stringify(index))
    await writeFile(path.join(folder, 'archive/oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
    tar(archive, path.join(folder, 'archive'))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function writeLayer(folder: string, blobs: string, files: ReadonlyMap<string, string>) {
  const tree = path.join(folder, 'tree')
  for (const [file, source] of files) {
    await mkdir(path.dirname(path.join(tree, file)), { recursive: true })
    await symlink(source, path.join(tree, file))
  }
  const layer = path.join(folder, 'layer')
  tar(layer, tree)
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(layer)) hash.update(chunk)
  const digest = hash.digest('hex')
  const { size } = await stat(layer)
  await rename(layer, path.join(blobs, digest))
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${digest}`, size }
}

/** Links are followed, so that a tree of them can stand for files that lie elsewhere. */
function tar(archive: string, folder: string): void {
  const fixed = [
    '--hard-dereference',
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mode=u=rwX,go=rX',
  ]
  execFileSync('tar', [
    '--create',
    '--dereference',
    '--format=gnu',
    ...fixed,
    '--file',
    archive,
    '--directory',
    folder,
    '.',
  ])
}

/** The shared libraries that a program is linked with, and their loader. */
function librariesOf(program: string): Set<string> {
  const linked = execFileSync('ldd', [program], { encoding: 'utf8' })
  return new Set(Array.from(linked.matchAll(/(\/\S+) \(0x/g), ([, library = '']) => library))
}
