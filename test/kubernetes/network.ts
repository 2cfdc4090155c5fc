import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'

/** A network namespace with a bridge for pods, which this host reaches over one pair of devices. */
export interface Network {
  /** Name of the namespace; `ip netns exec NAME` enters it. */
  name: string
  /** Address of the node: servers of the namespace listen here. */
  node: string
  /** Address of this host, for what is in the namespace. */
  host: string
  pods: string
  services: string
}

/** The command that runs a command in the namespace: what is there besides network devices stays as it is. */
export function inNetwork({ name }: Pick<Network, 'name'>, command: readonly string[]): string[] {
  return ['nsenter', `--net=/run/netns/${name}`, ...command]
}

/** Makes the first network of 10.77.N.0/24 that is free; it goes with the run. Needs root. */
export function makeNetwork(run: string): Network {
  const number = claimNumber()
  const network = {
    name: `engageops-${number}`,
    node: `10.77.${number}.1`,
    host: `10.78.${number}.1`,
    pods: `10.77.${number}.0/24`,
    services: `10.96.${number}.0/24`,
  }
  writeFileSync(path.join(run, 'network'), network.name)
  const gateway = `10.78.${number}.2`
  for (const command of [
    `ip -n ${network.name} link set lo up`,
    `ip -n ${network.name} link add ${BRIDGE} type bridge`,
    `ip -n ${network.name} address add ${network.node}/24 dev ${BRIDGE}`,
    `ip -n ${network.name} link set ${BRIDGE} up`,
    `ip link add ${network.name} type veth peer name host netns ${network.name}`,
    `ip address add ${network.host}/30 dev ${network.name}`,
    `ip link set ${network.name} up`,
    `ip -n ${network.name} address add ${gateway}/30 dev host`,
    `ip -n ${network.name} link set host up`,
    `ip -n ${network.name} route add default via ${network.host}`,
    `ip route add ${network.pods} via ${gateway}`,
    `ip route add ${network.services} via ${gateway}`,
  ]) {
    exec(command.split(' '))
  }
  exec(inNetwork(network, ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']))
  return network
}

/** The bridge that pods are on; the node's address is on it too. */
export const BRIDGE = 'pods'

function claimNumber(): number {
  for (let number = 0; number < 32; number++) {
    try {
      exec(['ip', 'netns', 'add', `engageops-${number}`])
      return number
    } catch (error) {
      if (!String(error).includes('File exists')) throw error
    }
  }
  throw new Error('all 32 networks for tests are taken: remove those of `ip netns list` that nobody uses')
}

function exec([program = '', ...args]: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
