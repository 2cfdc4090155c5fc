import { execFile } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { type ControlPlane, kubeconfigOf } from './control-plane.ts'
import { eventually } from './eventually.ts'
import { writeArchive } from './image.ts'
import { BRIDGE, inNetwork, type Network } from './network.ts'
import { failIfEnded, startProcess } from './run-folder.ts'

/** What a node needs of Debian's packages (install.sh), and root. */
export const NODE_PROGRAMS = ['containerd', 'runc', 'ctr', 'ip', 'iptables', 'nsenter']
export const CNI_PLUGINS = '/usr/lib/cni'

export interface Node {
  /** Takes an image from an OCI archive; pods use it by its name, with `imagePullPolicy: Never`. */
  loadImage(archive: string): Promise<void>
}

const PAUSE = 'localhost/pause:1'

/** Starts a node that runs pods, a scheduler, Services and their DNS. They end with the control plane. */
export async function startNode({ processes, run, network, kubectl }: ControlPlane): Promise<Node> {
  if (network === undefined) throw new Error('a node needs a control plane in a network of its own')
  const launch = (name: string, command: string[]) => startProcess(run, name, inNetwork(network, command))
  const process = (name: string, ...flags: string[]) => launch(name, [path.join(processes, name), ...flags])
  const configuration = async (name: string, content: string | object) => {
    const file = path.join(run, name)
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
    return file
  }

  await mkdir(path.join(run, 'cni'))
  await configuration('cni/10-bridge.conflist', cni(run, network))
  const socket = path.join(run, 'containerd.sock')
  await launch('containerd', [
    'containerd',
    '--config',
    await configuration('containerd.toml', containerd(run, socket)),
  ])
  const ctr = (...args: string[]) => promisify(execFile)('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args])
  await eventually(
    'containerd',
    20,
    () => ctr('version'),
    () => failIfEnded(run, 'containerd'),
  )
  const loadImage = async (archive: string) => {
    await ctr('images', 'import', archive)
  }
  const pause = path.join(run, 'pause.tar')
  const files = new Map([['pause', path.join(processes, 'pause')]])
  await writeArchive(pause, { name: PAUSE, files, config: { Entrypoint: ['/pause'] } })
  await loadImage(pause)

  await makeCgroups(network.name)
  await process(
    'kubelet',
    `--config=${await configuration('kubelet.json', kubelet(run, network, socket))}`,
    `--kubeconfig=${kubeconfigOf(run, 'system:node:node')}`,
    `--root-dir=${run}/kubelet`,
    `--cert-dir=${run}/kubelet-certificates`,
    '--hostname-override=node',
    `--node-ip=${network.node}`,
  )
  await process(
    'kube-scheduler',
    `--kubeconfig=${kubeconfigOf(run, 'system:kube-scheduler')}`,
    '--leader-elect=false',
    '--secure-port=0',
  )
  await process('kube-proxy', `--config=${await configuration('kube-proxy.json', kubeProxy(run, network))}`)
  await process('coredns', '-conf', await configuration('Corefile', corefile(run, network)))
  await eventually(
    'a ready node',
    60,
    () => kubectl(['wait', '--for=condition=Ready', '--timeout=1s', 'node/node']),
    () => failIfEnded(run, 'kubelet'),
  )
  return { loadImage }
}

const cni = (run: string, network: Network) => ({
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: BRIDGE,
      isGateway: true,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: `${run}/cni-addresses`,
        ranges: [[{ subnet: network.pods, gateway: network.node }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
})

/** Everything is below the run folder. Containers of build machines may not lower their OOM score, nor use AppArmor. */
const containerd = (run: string, socket: string) => `
version = 2
root = "${run}/containerd"
state = "${run}/containerd-state"
disabled_plugins = [
  "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${socket}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  cni.bin_dir = "${CNI_PLUGINS}"
  cni.conf_dir = "${run}/cni"
  containerd.runtimes.runc.runtime_type = "io.containerd.runc.v2"
  containerd.runtimes.runc.options.Root = "${run}/runc"
`

/**
 * Anonymous requests may do everything, so that the API server needs no client certificate: only this host and the pods
 * of the test reach the kubelet. Evictions are off: they would depend on how full the disk of the machine is.
 */
const kubelet = (run: string, network: Network, socket: string) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: network.node,
  healthzPort: 0,
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  containerRuntimeEndpoint: `unix://${socket}`,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${network.name}`,
  failCgroupV1: false,
  failSwapOn: false,
  oomScoreAdj: 0,
  makeIPTablesUtilChains: false,
  clusterDNS: [network.node],
  clusterDomain: 'cluster.local',
  resolvConf: '',
  podLogsDir: `${run}/pod-logs`,
  volumePluginDir: `${run}/volume-plugins`,
  imageGCHighThresholdPercent: 100,
  evictionHard: Object.fromEntries(
    ['memory.available', 'nodefs.available', 'nodefs.inodesFree', 'imagefs.available', 'imagefs.inodesFree'].map(
      (signal) => [signal, '0%'],
    ),
  ),
})

/** All of a Service's traffic is masqueraded: without br_netfilter the answer of a pod on the bridge would go past it. */
const kubeProxy = (run: string, network: Network) => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'iptables',
  hostnameOverride: 'node',
  clusterCIDR: network.pods,
  clientConnection: { kubeconfig: kubeconfigOf(run, 'system:kube-proxy') },
  iptables: { masqueradeAll: true, minSyncPeriod: '0s', localhostNodePorts: false },
  // Limits of the kernel that hold for the host too.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
})

const corefile = (run: string, network: Network) => `.:53 {
  bind ${network.node}
  errors
  kubernetes cluster.local {
    kubeconfig ${kubeconfigOf(run, 'coredns')} test
    ttl 1
  }
}
`

/** The group that the kubelet puts pods into, in each hierarchy: one in version 2 of control groups, many in version 1. */
async function makeCgroups(name: string): Promise<void> {
  const root = '/sys/fs/cgroup'
  const hierarchies = existsSync(`${root}/cgroup.controllers`) ? [root] : globSync(`${root}/*/`)
  for (const hierarchy of hierarchies) await mkdir(path.join(hierarchy, name), { recursive: true })
}
