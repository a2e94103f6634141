#!/usr/bin/env bash
# Installs the Debian packages that the tests need and this machine lacks. Where all are there, it looks
# and does nothing.
set -euo pipefail

# a command, or a file, that only the package brings, and the package
readonly NEEDED=(
  unshare:util-linux
  unzip:unzip
  promtool:prometheus
  prometheus:prometheus
  amtool:prometheus-alertmanager
  prometheus-alertmanager:prometheus-alertmanager
  chromium:chromium
  ip:iproute2
  nginx:nginx-light
  apache2:apache2-bin
  podman:podman
  runc:runc
  busybox:busybox-static
  /usr/lib/cni/bridge:containernetworking-plugins
)

declare -A missing=()
for pair in "${NEEDED[@]}"; do
  command -v "${pair%%:*}" > /dev/null || missing[${pair#*:}]=1
done
((${#missing[@]} > 0)) || exit 0
readonly packages=("${!missing[@]}")

if ((EUID != 0)) || ! command -v apt-get > /dev/null; then
  echo "The tests need these Debian packages: ${packages[*]}. Only root can install them, with apt-get." >&2
  exit 1
fi
echo "Installing for the tests: ${packages[*]}" >&2

log=$(mktemp)
temporary=("$log")
trap 'rm -f "${temporary[@]}"' EXIT

# The packages' services are not for this machine: while this file says 101, no maintainer script starts
# one. A machine that has such a policy already keeps its own.
readonly POLICY=/usr/sbin/policy-rc.d
if [[ ! -e $POLICY ]]; then
  temporary+=("$POLICY")
  printf '#!/bin/sh\nexit 101\n' > "$POLICY"
  chmod +x "$POLICY"
fi

# Runs a command, and shows what it says only if it fails.
quietly() {
  "$@" > "$log" 2>&1 || {
    cat "$log" >&2
    echo "Failed: $*" >&2
    exit 1
  }
}

export DEBIAN_FRONTEND=noninteractive
quietly apt-get update
quietly apt-get install --yes --no-install-recommends "${packages[@]}"

# nor does one start at the next boot
if [[ -d /run/systemd/system ]]; then
  for package in "${packages[@]}"; do
    case $package in
      prometheus*) quietly systemctl disable "$package.service" ;;
      nginx-light) quietly systemctl disable nginx.service ;;
      podman) quietly systemctl disable podman{,-auto-update,-restart}.service podman.socket podman-auto-update.timer ;;
    esac
  done
fi
