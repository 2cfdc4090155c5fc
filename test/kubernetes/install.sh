#!/bin/sh -eu
# Installs what a node needs for tests, on Debian and Ubuntu: the container runtime, its network plugins, iptables.
packages='containerd runc containernetworking-plugins iproute2 iptables util-linux'
if dpkg --status $packages >/dev/null 2>&1; then exit; fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet --quiet
apt-get install --quiet --quiet --yes --no-install-recommends $packages
